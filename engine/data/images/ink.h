// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"

#include <cstdint>

namespace gradwright {

/// What was drawn, freed from the paper.
struct Ink {
    GrayImage amount; ///< 0 = paper … 1 = ink, whatever colours they had
    // The bounding box of the ink, in pixels of `amount`; right and bottom are one past it.
    std::int64_t left = 0;
    std::int64_t top = 0;
    std::int64_t right = 0;
    std::int64_t bottom = 0;
};

/// Separates ink from paper: the paper's brightness is fitted by a smooth surface from the border
/// inwards, ink is what differs from it clearly, to the side where the difference is larger; specks
/// are dropped. Large drawings come back smaller. Throws Error when there is no ink.
Ink findInk(const GrayImage& drawing);

/// The mean width of the strokes in pixels of `amount`: twice the area over the outline's length.
double strokeWidth(const Ink& ink);

/// Lets the strokes grow by `radius` pixels to every side; the box grows with them.
Ink thickened(const Ink& ink, double radius);

} // namespace gradwright
