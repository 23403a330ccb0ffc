// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/model/reduction.h"

#include "engine/inference/constant_units.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

void renumber(TrainingGraph& evaluation, const std::vector<std::optional<ValueId>>& values) {
    const auto renew = [&](ValueId& value) { value = *values[value.index()]; };
    renew(evaluation.input);
    std::ranges::for_each(evaluation.targets, renew);
    std::ranges::for_each(evaluation.outputs, renew);
    if (evaluation.answer)
        renew(*evaluation.answer);
}

} // namespace

std::optional<ReductionReport> reduceNetwork(TrainingGraph& evaluation,
                                             std::vector<Tensor>& weights,
                                             const Reduction& reduction, Precision precision,
                                             const DataChoice& choice, const DataInfo& data,
                                             const std::stop_token& stop) {
    ReductionReport report;
    InferenceModel model{std::move(evaluation.graph), std::move(weights)};
    if (reduction.calibration > 0) {
        const auto set = openDataset(choice, data.reading);
        auto indices = splitOf(set, choice).training;
        indices.resize(std::min(indices.size(), static_cast<std::size_t>(reduction.calibration)));
        const auto removals = constantUnits(model, evaluation.input, set.training,
                                            std::move(indices), precision, stop);
        if (!removals)
            return {};
        for (const auto& removal : *removals)
            report.constantUnits += std::ranges::count(removal.isGone, true);
        renumber(evaluation, removeUnits(model, *removals));
    }
    if (reduction.structured) {
        std::vector<std::optional<ValueId>> values;
        report.pruned = pruneUnits(model, reduction.prune, values);
        renumber(evaluation, values);
    } else {
        report.pruned = pruneWeights(model, reduction.prune);
    }
    evaluation.graph = std::move(model.graph);
    weights = std::move(model.weights);
    return report;
}

} // namespace gradwright
