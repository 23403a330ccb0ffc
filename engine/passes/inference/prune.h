// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/inference/inference_model.h"
#include "engine/passes/inference/remove_units.h"

namespace gradwright {

/// What pruning took.
struct PruneReport {
    std::int64_t weights = 0; ///< of the layers that it may change, before
    std::int64_t zeros = 0;   ///< that it set to 0, or took away
    std::int64_t units = 0;   ///< outputs of those layers, where whole ones go
    std::int64_t unitsGone = 0;
};

/// Sets the given share, 0 to 1, of the kernels' weights to 0: in each convolution, dense layer and
/// recurrent layer those of the smallest magnitude (Han, Pool, Tran, Dally: "Learning both weights
/// and connections for efficient neural networks", 2015). The network stays as large and as fast.
/// Throws Error for another share.
PruneReport pruneWeights(InferenceModel& model, double share);

/// Takes that share of the units of each convolution and dense layer away, as far as unitGroups()
/// allows: those whose weights have the smallest sum of magnitudes (Li, Kadav, Durdanovic, Samet,
/// Graf: "Pruning filters for efficient convnets", 2017). `values` becomes the new number of each
/// value by its old one. At least one unit of each stays. Throws Error for another share.
PruneReport pruneUnits(InferenceModel& model, double share,
                       std::vector<std::optional<ValueId>>& values);

} // namespace gradwright
