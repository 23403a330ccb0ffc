// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/step_group.h"

#include <algorithm>

namespace gradwright {
namespace {

/// Random ops draw four numbers at a time.
constexpr std::int64_t kDrawnTogether = 4;

} // namespace

StepGroups::StepGroups(const TrainingSettings& settings, std::int64_t samples)
    : accumulated_(settings.accumulatedBatches())
    , batch_(settings.batch())
    , samples_(samples)
    , batches_((samples + batch_ - 1) / batch_) {}

std::int64_t StepGroups::batchesFrom(std::int64_t first) const {
    return std::min(accumulated_, batches_ - first);
}

std::int64_t StepGroups::samplesOf(std::int64_t first, std::int64_t batches) const {
    return std::min(batches * batch_, samples_ - first * batch_);
}

Accumulation StepGroups::placeOf(std::int64_t batch, std::int64_t first) const {
    const auto batches = batchesFrom(first);
    return {.share = static_cast<double>(samplesOf(batch, 1)) /
                     static_cast<double>(samplesOf(first, batches)),
            .isFirst = batch == first,
            .isLast = batch + 1 == first + batches};
}

std::int64_t StepGroups::firstSample(std::int64_t batch, std::int64_t first) const {
    return (batch - first) * ((batch_ + kDrawnTogether - 1) / kDrawnTogether * kDrawnTogether);
}

StatisticsBefore::StatisticsBefore(WeightStore& store, const OpGraph& graph)
    : store_(store) {
    for (const auto id : runningStatistics(graph))
        values_.emplace_back(id, store.read(id));
}

void StatisticsBefore::putBack() {
    for (const auto& [id, value] : values_)
        store_.write(id, value);
}

} // namespace gradwright
