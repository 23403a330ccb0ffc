// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/json_lines.h"
#include "engine/io/run_directory.h"
#include "engine/io/tensorboard.h"
#include "engine/training/events.h"

#include <optional>

namespace gradwright {

/// Records a training's curves in metrics.jsonl and, on request, for TensorBoard. Steps are
/// gathered into points, so that an epoch gives some 200 whatever its number of steps.
class MetricsLog {
public:
    MetricsLog(const RunDirectory& run, bool resuming, std::int64_t stepsPerEpoch,
               const MetricDef& metric, bool forTensorBoard);

    /// Whether this step of the epoch, counted from 1, ends a point and wants gradient norms.
    [[nodiscard]] bool endsPoint(std::int64_t stepOfEpoch) const;
    /// Writes a point when the event carries gradient norms: means over the samples since the one
    /// before.
    void add(const StepDone& event);
    void add(const EpochDone& event);
    void add(const LearningRateChanged& event);

private:
    void scalar(std::string_view tag, std::int64_t step, double value);

    JsonLinesWriter lines_;
    std::optional<TensorBoardWriter> tensorBoard_;
    const MetricDef* metric_;
    std::int64_t stepsPerEpoch_;
    std::int64_t interval_;
    Score gathered_; ///< sums over the samples of the running point
};

/// What a run had taken by a step, according to its metrics.jsonl; 0 where that does not tell.
double loggedSeconds(const RunDirectory& run, std::int64_t step);

} // namespace gradwright
