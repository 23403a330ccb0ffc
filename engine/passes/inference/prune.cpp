// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/prune.h"

#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace gradwright {
namespace {

void requireShare(double share) {
    if (!(share >= 0 && share <= 1))
        throw Error("a share to prune lies from 0 to 1, not {}", share);
}

/// How many of its weights are kernels, first in order.
std::size_t kernelsOf(const Op& op) {
    return std::visit(Overloaded{[](const ConvOp&) { return std::size_t{1}; },
                                 [](const ConvTransposeOp&) { return std::size_t{1}; },
                                 [](const DenseOp&) { return std::size_t{1}; },
                                 [](const FusedProductOp&) { return std::size_t{1}; },
                                 [](const RecurrentOp&) { return std::size_t{2}; },
                                 [](const auto&) { return std::size_t{0}; }},
                      op.attributes);
}

/// The indices of the smallest magnitudes, of equal ones the first.
std::vector<std::size_t> smallest(const std::vector<double>& sizes, std::size_t count) {
    std::vector<std::size_t> order(sizes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::nth_element(order, order.begin() + static_cast<std::ptrdiff_t>(count),
                             [&](std::size_t a, std::size_t b) {
                                 return sizes[a] != sizes[b] ? sizes[a] < sizes[b] : a < b;
                             });
    order.resize(count);
    return order;
}

} // namespace

PruneReport pruneWeights(InferenceModel& model, double share) {
    requireShare(share);
    PruneReport report;
    std::set<WeightId> done;
    for (const auto& op : model.graph.ops())
        for (std::size_t i = 0; i < kernelsOf(op); ++i) {
            if (!done.insert(op.weights[i]).second)
                continue;
            auto& tensor = model.of(op.weights[i]);
            auto numbers = numbersOf(tensor);
            std::vector<double> sizes;
            for (const double number : numbers)
                sizes.push_back(std::abs(number));
            const auto count =
                static_cast<std::size_t>(std::llround(share * static_cast<double>(sizes.size())));
            for (const auto at : smallest(sizes, count))
                numbers[at] = 0;
            setNumbers(tensor, numbers);
            report.weights += static_cast<std::int64_t>(sizes.size());
            report.zeros += static_cast<std::int64_t>(count);
        }
    return report;
}

PruneReport pruneUnits(InferenceModel& model, double share,
                       std::vector<std::optional<ValueId>>& values) {
    requireShare(share);
    const auto elementsOf = [](const InferenceModel& each) {
        std::int64_t sum = 0;
        for (const auto& weight : each.weights)
            sum += weight.elements();
        return sum;
    };
    PruneReport report{.weights = elementsOf(model)};
    std::vector<UnitsToRemove> removals;
    for (auto& group : unitGroups(model.graph)) {
        const auto& maker = model.graph.ops()[*model.graph.placeOf(group.maker)];
        const auto numbers = numbersOf(model.of(maker.weights[0]));
        const auto units = static_cast<std::size_t>(group.units);
        std::vector<double> sizes(units);
        const auto each = numbers.size() / units;
        for (std::size_t i = 0; i < numbers.size(); ++i)
            sizes[i / each] += std::abs(numbers[i]);
        const auto wanted =
            static_cast<std::size_t>(std::llround(share * static_cast<double>(units)));
        std::vector<bool> isGone(units);
        for (const auto unit : smallest(sizes, std::min(wanted, units - 1)))
            isGone[unit] = true;
        report.units += group.units;
        report.unitsGone += std::ranges::count(isGone, true);
        removals.push_back({std::move(group), std::move(isGone)});
    }
    values = removeUnits(model, removals);
    report.zeros = report.weights - elementsOf(model);
    return report;
}

} // namespace gradwright
