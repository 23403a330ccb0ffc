// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/packed_dense.h"

#include <cstddef>

namespace gradwright::onednn {

/// out[rows, units] = W x + b (+ addend), before the activation; x is [rows, features], `kernel`
/// the packed bytes. `bias` and `addend` may be null. Each row of the kernel is unpacked once, for
/// all rows of x.
void multiplyPacked(const PackedDenseOp& op, std::size_t rows, float* out, const float* x,
                    const std::int8_t* kernel, const float* bias, const float* addend);

} // namespace gradwright::onednn
