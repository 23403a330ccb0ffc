// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gradwright {

/// Sets of labelled points in the plane, on which one sees what a network can separate.
enum class PointPattern {
    Xor,         ///< four quadrants, opposite ones alike (Minsky and Papert 1969)
    Circles,     ///< a disk within a ring
    Moons,       ///< two half circles that interlock
    Spirals,     ///< arms that wind 1.75 times around the origin
    Gaussians,   ///< a cloud a class, their centres on a circle
    Checkerboard ///< four by four fields
};

struct PointSetOptions {
    PointPattern pattern = PointPattern::Spirals;
    std::int64_t count = 1000;
    /// Standard deviation of each point's shift, as a share of the distance between neighbouring
    /// classes.
    double noise = 0.1;
    std::int32_t classes = 2; ///< arms of Spirals, clouds of Gaussians; others have two
    std::uint64_t seed = 1;
    std::uint32_t part = 0; ///< another part has other points of the same kind
};

struct PointSet {
    std::vector<std::array<float, 2>> points; ///< within about [-3, 3]
    std::vector<std::int32_t> labels;         ///< by the place before the shift
};

/// Classes take turns, so each has its share.
PointSet generatePoints(const PointSetOptions& options);

/// How many classes the options give.
std::int32_t classesOf(const PointSetOptions& options);

} // namespace gradwright
