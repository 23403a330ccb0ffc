// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gradwright {

/// Where a pixel of the result comes from: (x, y) ↦ (xx x + xy y + x0, yx x + yy y + y0), in pixels
/// from the image's middle.
struct Affine {
    double xx = 1, xy = 0, x0 = 0;
    double yx = 0, yy = 1, y0 = 0;

    /// First `inner`, then this.
    [[nodiscard]] Affine after(const Affine& inner) const;
};

/// A smooth field of shifts: cubic B-splines over a grid of nodes.
struct ElasticField {
    std::int64_t columns = 0; ///< of nodes; 0: no field
    std::int64_t rows = 0;
    double spacing = 1; ///< of nodes, in pixels
    std::vector<float> dx;
    std::vector<float> dy;
};

/// The nodes that an image needs.
ElasticField emptyField(std::int64_t width, std::int64_t height, double spacing);

/// Draws one plane anew by linear interpolation; beyond its border lies `outside`.
void warpPlane(std::span<const float> from, std::int64_t width, std::int64_t height,
               const Affine& map, const ElasticField& field, float outside, std::span<float> to);

} // namespace gradwright
