// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"

#include <string_view>

namespace gradwright {

/// The types that weights are written in: F32, F16 or BF16, by "fp32", "fp16", "bf16". Throws Error
/// naming them.
DType weightTypeOf(std::string_view key);
std::string_view keyOfWeightType(DType type);

/// F32 values as F16 or BF16, each the nearest number. Throws Error naming `key` for a value that
/// is beyond the largest one.
Tensor narrowed(const Tensor& values, DType type, std::string_view key);
/// What is left of weights that are written as `type`, as F32. Throws Error like narrowed().
Weights roundedWeights(const Weights& weights, DType type);

} // namespace gradwright
