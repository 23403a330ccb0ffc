// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/distance.h"
#include "engine/classical/method.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

namespace gradwright {
namespace {

/// The samples that lie nearest, by Euclidean distance, have one vote each.
class NearestNeighbours final : public ClassicalModel {
public:
    NearestNeighbours(Samples samples, std::size_t neighbours)
        : samples_(std::move(samples))
        , neighbours_(std::min(neighbours, samples_.count())) {}

    void answer(std::span<const float> row, std::span<double> out) const override {
        // The nearest so far, the farthest of them first; of equally far ones the earlier sample
        // counts as nearer.
        std::vector<std::pair<double, std::size_t>> nearest;
        nearest.reserve(neighbours_ + 1);
        for (std::size_t n = 0; n < samples_.count(); ++n) {
            const bool full = nearest.size() == neighbours_;
            const auto limit =
                full ? nearest.front().first : std::numeric_limits<double>::infinity();
            const auto square =
                squaredDistance(row.data(), samples_.row(n).data(), row.size(), limit);
            if (full && square >= limit)
                continue;
            nearest.emplace_back(square, n);
            std::ranges::push_heap(nearest);
            if (nearest.size() > neighbours_) {
                std::ranges::pop_heap(nearest);
                nearest.pop_back();
            }
        }
        std::ranges::fill(out, 0.0);
        const auto share = 1.0 / static_cast<double>(nearest.size());
        for (const auto& [square, n] : nearest)
            if (samples_.classes > 0)
                out[static_cast<std::size_t>(samples_.labels[n])] += 1;
            else
                for (std::size_t i = 0; i < out.size(); ++i)
                    out[i] += static_cast<double>(samples_.target(n)[i]);
        for (auto& value : out)
            value *= share;
    }

    [[nodiscard]] ModelParts parts() const override {
        ModelParts parts;
        parts.put("neighbours", static_cast<std::int64_t>(neighbours_));
        parts.put("inputs", samples_.inputs);
        if (samples_.classes > 0)
            parts.put("labels",
                      std::vector<std::int64_t>(samples_.labels.begin(), samples_.labels.end()));
        else
            parts.put("targets", samples_.targets);
        return parts;
    }

    static std::unique_ptr<ClassicalModel> open(const ModelParts& parts, const RowOutline& rows) {
        Samples samples;
        samples.features = rows.features;
        samples.classes = rows.classes;
        samples.width = rows.width;
        const auto numbers = parts.count("inputs");
        const auto count = numbers / rows.features;
        samples.inputs = parts.singles("inputs", count * rows.features);
        if (rows.classes > 0) {
            const auto labels =
                parts.whole("labels", count, 0, static_cast<std::int64_t>(rows.classes) - 1);
            samples.labels.assign(labels.begin(), labels.end());
        } else {
            samples.targets = parts.singles("targets", count * rows.width);
        }
        const auto neighbours =
            parts.wholeNumber("neighbours", 1, static_cast<std::int64_t>(count));
        return std::make_unique<NearestNeighbours>(std::move(samples),
                                                   static_cast<std::size_t>(neighbours));
    }

private:
    Samples samples_;
    std::size_t neighbours_;
};

} // namespace

MethodDef nearestNeighboursMethod() {
    auto neighbours = intParam("neighbours", "Neighbours", 5, 1, 1e6,
                               "How many of the nearest training samples vote.");
    return {.key = "knn",
            .title = "k nearest neighbours",
            .doc = "The training samples that lie nearest, by Euclidean distance, vote for their "
                   "class; of values it is their mean (Cover, Hart 1967).",
            .givesProbabilities = true,
            .params = {neighbours},
            .fit = [](const Samples& samples, const Params& params, std::uint64_t,
                      const Watch&) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<NearestNeighbours>(
                    samples, static_cast<std::size_t>(params.integer("neighbours")));
            },
            .open = NearestNeighbours::open};
}

} // namespace gradwright
