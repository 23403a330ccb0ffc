// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/combine.h"
#include "engine/backend/cuda/kernels/element.cuh"
#include "engine/backend/cuda/kernels/sums.cuh"

namespace gradwright::cuda::kernels {

/// The larger or the smaller number, of equal ones the first; a NaN in `b` is passed over, as on
/// the CPU.
__device__ inline void pick(const Operand& a, const Operand& b, float* y, const ElementAxes& axes,
                            std::int32_t isLargest) {
    forEachElement(
        axes, y,
        [&](float left, float right) {
            return (isLargest ? right > left : right < left) ? right : left;
        },
        a, b);
}

/// `left`: the gradient that no input has taken yet; `rest`: what is left after this one. They may
/// be one array, `share` is another.
__device__ inline void takeShare(const Operand& input, const float* output, const float* left,
                                 float* share, float* rest, const ElementAxes& axes) {
    for (std::size_t i = firstElement(); i < axes.elements; i += allThreads()) {
        std::int64_t at = 0;
        forEachAxis(axes, i, [&](int axis, std::int64_t k) { at += k * input.stride[axis]; });
        const bool takes = load(input, at) == output[i];
        const float gradient = left[i];
        share[i] = takes ? gradient : 0.0F;
        rest[i] = takes ? 0.0F : gradient;
    }
}

/// sums[i] over the repeated axes, a block each.
__device__ inline void addRepeats(const float* values, float* sums, const ElementAxes& kept,
                                  const Strided& keptStrides, const ElementAxes& repeated,
                                  const Strided& repeatedStrides) {
    for (std::size_t i = blockIdx.x; i < kept.elements; i += gridDim.x) {
        std::int64_t first = 0;
        forEachAxis(kept, i,
                    [&](int axis, std::int64_t k) { first += k * keptStrides.stride[axis]; });
        float sum = 0;
        for (std::size_t j = threadIdx.x; j < repeated.elements; j += blockDim.x) {
            std::int64_t at = first;
            forEachAxis(repeated, j,
                        [&](int axis, std::int64_t k) { at += k * repeatedStrides.stride[axis]; });
            sum += values[at];
        }
        sum = sumOfBlock(sum);
        if (threadIdx.x == 0)
            sums[i] = sum;
    }
}

} // namespace gradwright::cuda::kernels
