// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/inference/inference_model.h"

#include <set>
#include <string>
#include <vector>

namespace gradwright {

/// A kernel of integers of 4 bits, as PackedDenseOp has it.
struct PackedKernel {
    Tensor bytes;              ///< F32, [units, ⌈features / 2⌉]
    std::vector<float> scales; ///< [units, ⌈features / group⌉], row by row
};
/// [units, features] as whole numbers of -7 … 7: a scale is the largest magnitude of its group / 7.
PackedKernel packKernel(const Tensor& kernel, std::int64_t group);

/// Makes the dense layers of the model read kernels of 4 bits in groups of `group` features, but
/// for those of `keep`, by QuantizableProduct::name. To be run behind the other passes. Weights are
/// F32 or F64. Returns the names of those that do. Throws Error for a group below 1.
std::vector<std::string> packDense(InferenceModel& model, std::int64_t group,
                                   const std::set<std::string>& keep = {});

} // namespace gradwright
