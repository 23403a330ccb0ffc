// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"

#include <cstdint>

namespace gradwright {

/// A part of a picture in pixel edges: 0 is the left edge of the first pixel, width the right edge
/// of the last. May reach outside, where the picture counts as 0.
struct Region {
    double left = 0;
    double top = 0;
    double right = 0;
    double bottom = 0;
};

/// Draws a region of the picture as width × height pixels: the mean over each pixel's area when
/// shrinking, linear interpolation when enlarging, each direction for itself.
GrayImage resample(const GrayImage& picture, const Region& region, std::int64_t width,
                   std::int64_t height);

} // namespace gradwright
