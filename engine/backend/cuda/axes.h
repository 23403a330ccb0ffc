// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/params.h"
#include "engine/tensor/shape.h"

#include <span>
#include <vector>

namespace gradwright::cuda {

/// Row-major strides of a shape.
std::vector<std::int64_t> stridesOf(const Shape& shape);

/// Strides of an array of that shape along the axes of `out`, aligned at the last axis, 0 where it
/// is repeated (NumPy's broadcasting).
std::vector<std::int64_t> broadcastStrides(const Shape& shape, const Shape& out);

/// Element-wise work over the axes of a shape with the strides of several arrays. Axes that all of
/// them run through like one axis are joined, those of length 1 are left out. Throws Error when
/// more axes are left than kernels take.
class ElementLoop {
public:
    ElementLoop(const Shape& shape, std::vector<std::vector<std::int64_t>> strides);

    [[nodiscard]] const ElementAxes& axes() const { return axes_; }
    /// As an input of a kernel.
    [[nodiscard]] Operand operand(std::size_t array, const void* data,
                                  bool isIndices = false) const;
    [[nodiscard]] Strided strided(std::size_t array) const;

private:
    ElementAxes axes_;
    std::vector<std::vector<std::int64_t>> strides_; ///< by array, of the axes that are left
};

} // namespace gradwright::cuda
