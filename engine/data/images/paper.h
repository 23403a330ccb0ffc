// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"

namespace gradwright {

struct Paper {
    GrayImage difference; ///< drawing minus paper
    float grain = 0;      ///< standard deviation of the paper about its surface
};

/// Fits a quadratic surface to the brightness of the paper, robustly: first to the border, then to
/// all that agrees with it. A canvas, whose border is exactly alike, is taken as it is.
Paper removePaper(const GrayImage& drawing);

} // namespace gradwright
