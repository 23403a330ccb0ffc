// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"
#include "engine/data/images/preparation.h"
#include "engine/tensor/tensor.h"

#include <cstdint>

namespace gradwright {

/// How a drawing becomes a digit as MNIST stores it (LeCun, Bottou, Bengio, Haffner:
/// "Gradient-based learning applied to document recognition", 1998, section III).
struct DigitOptions {
    std::int64_t size = 28; ///< side of the result
    std::int64_t box = 20;  ///< the ink's longer side becomes this long
};

/// Cuts the ink out of a drawing or photograph and makes it F32 1×28×28 in [0, 1], white on black:
/// scaled into 20 × 20 keeping the aspect, placed by its centre of mass. Dark on light and light on
/// dark are told apart by the border; uneven light and grain of paper are removed. Throws Error
/// when there is no ink.
Tensor prepareDigit(const GrayImage& drawing, const DigitOptions& options = {});

} // namespace gradwright
