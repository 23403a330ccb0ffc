// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/passes/inference/prune.h"
#include "engine/training/objective.h"

#include <optional>
#include <stop_token>

namespace gradwright {

/// How a network is made smaller, at the price of some accuracy.
struct Reduction {
    double prune = 0;        ///< the share of weights, or of units, to take away
    bool structured = false; ///< whole units instead of single weights
    /// Units that are constant over so many training samples go, too; 0: none.
    std::int64_t calibration = 0;

    [[nodiscard]] bool isNone() const { return prune <= 0 && calibration <= 0; }
};

struct ReductionReport {
    PruneReport pruned{};
    std::int64_t constantUnits = 0; ///< that went
};

/// Reduces a network with its losses, before any pass; `weights` are those of its graph, in order.
/// Values that `evaluation` names keep up. `data` is where the samples for constant units come
/// from. Nothing when stopped. Throws Error for a share outside 0 to 1.
std::optional<ReductionReport> reduceNetwork(TrainingGraph& evaluation,
                                             std::vector<Tensor>& weights,
                                             const Reduction& reduction, Precision precision,
                                             const DataChoice& choice, const DataInfo& data,
                                             const std::stop_token& stop = {});

} // namespace gradwright
