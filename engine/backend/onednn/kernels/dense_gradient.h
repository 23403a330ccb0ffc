// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/primitives.h"

#include <cstddef>

namespace gradwright::onednn {

/// What a dense layer has seen and what has come back, both row-major.
struct DenseGradientInputs {
    const float* source;   ///< rows × inputs
    const float* gradient; ///< rows × units, of the output
    std::size_t rows, inputs, units;
};

/// Whether the processor can compute it: AVX-512.
bool hasDenseGradient();

/// The gradients of a dense layer's kernel, ∂L/∂W = gradientᵀ · source, in oneDNN's layout
/// `OI16i64o` with zeros in the padding, and, unless `bias` is null, of its bias. Rows are summed
/// in their order, so the result does not depend on the number of threads. Only where
/// hasDenseGradient().
void denseGradient(const DenseGradientInputs& in, float* kernel, float* bias);

/// The same in tasks, a multiple of `shares`; the result does not depend on their number.
std::size_t denseGradientTasks(const DenseGradientInputs& in, std::size_t shares);
void denseGradientTask(const DenseGradientInputs& in, std::size_t shares, std::size_t task,
                       float* kernel, float* bias);

/// Whether a kernel lies as denseGradient() writes it.
bool isDenseGradientLayout(const MemoryDesc& kernel);

} // namespace gradwright::onednn
