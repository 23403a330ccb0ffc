// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/start_weights.h"

#include "engine/io/safetensors.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>

namespace gradwright {
namespace {

using TakeWeight = std::function<void(std::size_t, const Tensor&)>;

StartWeights taken(const std::filesystem::path& file, const std::vector<WeightSpec>& specs,
                   const TakeWeight& take) {
    std::map<std::string, std::size_t, std::less<>> places;
    for (std::size_t i = 0; i < specs.size(); ++i)
        places.emplace(specs[i].key, i);
    StartWeights start{file.filename().string()};
    const auto check = [&](SafetensorsContents& contents) {
        std::erase_if(contents.shapes, [&](const auto& entry) {
            const auto found = places.find(entry.first);
            return found == places.end() || specs[found->second].shape != entry.second;
        });
        for (const auto& spec : specs)
            if (!contents.shapes.contains(spec.key))
                start.fresh.push_back(spec.key);
        start.taken = specs.size() - start.fresh.size();
        if (start.taken == 0 && !specs.empty())
            throw Error("{} has no weight of this network, which has been changed since",
                        file.string());
    };
    readSafetensors(file, check, [&](const std::string& name, const Tensor& tensor) {
        take(places.find(name)->second, tensor);
    });
    return start;
}

} // namespace

StartWeights takeStartWeights(const std::filesystem::path& file, WeightStore& store) {
    return taken(file, store.specs(), [&](std::size_t place, const Tensor& tensor) {
        store.write(WeightId{static_cast<std::uint32_t>(place)}, tensor);
    });
}

std::string noteOf(const StartWeights& start) {
    if (start.fresh.empty())
        return fmt::format("starts with the weights of {}", start.file);
    constexpr std::size_t kMostNamed = 6;
    const auto named = std::min(start.fresh.size(), kMostNamed);
    const std::vector<std::string> first(start.fresh.begin(),
                                         start.fresh.begin() + static_cast<std::ptrdiff_t>(named));
    return fmt::format(
        "starts with {} weights of {}; it has none for {}{}, which {} new", start.taken, start.file,
        fmt::join(first, ", "),
        named < start.fresh.size() ? fmt::format(" and {} more", start.fresh.size() - named) : "",
        start.fresh.size() == 1 ? "is" : "are");
}

Weights startWeightsOf(const std::vector<WeightSpec>& specs, std::uint64_t seed,
                       const std::filesystem::path& file) {
    Weights weights;
    for (const auto& spec : specs)
        weights.values.emplace_back(spec.key, initialize(spec.initializer, spec.shape, spec.fans,
                                                         seed, spec.key, DType::F32));
    if (!file.empty())
        taken(file, specs, [&](std::size_t place, const Tensor& tensor) {
            weights.values[place].second = tensor.to(DType::F32);
        });
    return weights;
}

} // namespace gradwright
