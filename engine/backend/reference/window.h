// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/reference/kernel.h"

#include <array>

namespace gradwright::reference {

/// A value's positions as slices, rows and columns, whatever it has of them: the others are 1.
using Place = std::array<std::int64_t, 3>;

/// A window with its axes matched to those of a Place.
struct SlidingWindow {
    Place kernel{1, 1, 1}, stride{1, 1, 1}, dilation{1, 1, 1}, padding{0, 0, 0};

    SlidingWindow(const Extents& kernelOf, const Extents& strideOf, const Extents& dilationOf,
                  const Padding& paddingOf, std::size_t axes) {
        for (std::size_t axis = 0; axis < axes; ++axis) {
            const auto at = 3 - axes + axis;
            kernel[at] = kernelOf[axis];
            stride[at] = strideOf[axis];
            dilation[at] = dilationOf[axis];
            padding[at] = paddingOf.before(axis);
        }
    }
};

inline Place placesOf(const Shape& shape) {
    Place places{1, 1, 1};
    const auto axes = shape.rank() - 1;
    for (std::size_t axis = 0; axis < axes; ++axis)
        places[3 - axes + axis] = shape[axis + 1];
    return places;
}

/// visit(place) for all of them in row-major order
template <class Visit>
void forEachPlace(const Place& size, Visit&& visit) {
    for (std::int64_t z = 0; z < size[0]; ++z)
        for (std::int64_t y = 0; y < size[1]; ++y)
            for (std::int64_t x = 0; x < size[2]; ++x)
                visit(Place{z, y, x});
}

/// The index of (n, c, place) in a row-major array [batch, channels, …size].
inline std::size_t indexOf(const Place& size, std::int64_t channels, std::int64_t n, std::int64_t c,
                           const Place& place) {
    return static_cast<std::size_t>(
        (((n * channels + c) * size[0] + place[0]) * size[1] + place[1]) * size[2] + place[2]);
}

/// Where tap `tap` of the window at `place` lies in the input; it may lie outside.
inline Place tapAt(const SlidingWindow& window, const Place& place, const Place& tap) {
    Place at{};
    for (std::size_t axis = 0; axis < 3; ++axis)
        at[axis] = place[axis] * window.stride[axis] - window.padding[axis] +
                   tap[axis] * window.dilation[axis];
    return at;
}

inline bool isInside(const Place& at, const Place& size) {
    for (std::size_t axis = 0; axis < 3; ++axis)
        if (at[axis] < 0 || at[axis] >= size[axis])
            return false;
    return true;
}

} // namespace gradwright::reference
