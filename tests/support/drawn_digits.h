// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"
#include "engine/tensor/tensor.h"

#include <cstdint>

namespace gradwright::test {

/// How a test digit is put into a drawing, drawn from the seed.
struct DrawingSpec {
    std::uint64_t seed = 1;
    std::int64_t side = 280; ///< of the square drawing
    double minScale = 0.5;   ///< times an enlargement of 5
    double maxScale = 2.0;
    double dilation = 0;      ///< radius by which strokes grow, as a part of the digit's height
    bool darkOnLight = false; ///< else white on black
};

/// A drawing of an MNIST image (F32 1×28×28 in [0, 1]): its ink enlarged smoothly, moved to where
/// it stays inside the drawing, its strokes dilated. The largest scale that fits is used where the
/// drawn one does not.
GrayImage drawDigit(const Tensor& digit, const DrawingSpec& spec);

} // namespace gradwright::test
