// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/weights.h"

#include "engine/support/stopped.h"

#include <algorithm>

namespace gradwright {

const Tensor* Weights::find(std::string_view key) const {
    const auto found =
        std::ranges::find_if(values, [&](const auto& entry) { return entry.first == key; });
    return found == values.end() ? nullptr : &found->second;
}

void initializeWeights(WeightStore& store, std::uint64_t seed, const std::stop_token& stop) {
    const auto& specs = store.specs();
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
        throwIfStopped(stop);
        store.write(WeightId{i}, initialize(specs[i].initializer, specs[i].shape, specs[i].fans,
                                            seed, specs[i].key, store.dtype()));
    }
}

Weights readWeights(const WeightStore& store) {
    Weights weights;
    const auto& specs = store.specs();
    weights.values.reserve(specs.size());
    for (std::uint32_t i = 0; i < specs.size(); ++i)
        weights.values.emplace_back(specs[i].key, store.read(WeightId{i}));
    return weights;
}

void writeWeights(WeightStore& store, const Weights& weights) {
    const auto& specs = store.specs();
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
        const auto* value = weights.find(specs[i].key);
        if (!value)
            throw Error("the weights hold no \"{}\"; they belong to another network", specs[i].key);
        if (value->shape() != specs[i].shape)
            throw Error("the weight \"{}\" has shape {}, the network wants {}", specs[i].key,
                        toString(value->shape()), toString(specs[i].shape));
        store.write(WeightId{i}, *value);
    }
}

} // namespace gradwright
