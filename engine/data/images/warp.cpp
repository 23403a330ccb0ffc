// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/warp.h"

#include <array>
#include <cmath>

namespace gradwright {
namespace {

struct Spline {
    std::int64_t first;
    std::array<float, 4> weights;
};

/// The four nodes around a place and their weights, which sum to 1.
Spline splineAt(double place) {
    const double whole = std::floor(place);
    const auto t = static_cast<float>(place - whole);
    const float rest = 1 - t;
    return {static_cast<std::int64_t>(whole),
            {rest * rest * rest / 6, (4 - 6 * t * t + 3 * t * t * t) / 6,
             (4 - 6 * rest * rest + 3 * rest * rest * rest) / 6, t * t * t / 6}};
}

std::vector<Spline> splinesAlong(std::int64_t length, double spacing) {
    std::vector<Spline> splines;
    splines.reserve(static_cast<std::size_t>(length));
    for (std::int64_t i = 0; i < length; ++i)
        splines.push_back(splineAt((static_cast<double>(i) + 0.5) / spacing));
    return splines;
}

/// The field's two shifts at a pixel.
std::array<double, 2> shiftAt(const ElasticField& field, const Spline& x, const Spline& y) {
    float dx = 0;
    float dy = 0;
    for (std::size_t j = 0; j < 4; ++j) {
        const auto row = static_cast<std::size_t>(
            (y.first + static_cast<std::int64_t>(j)) * field.columns + x.first);
        for (std::size_t i = 0; i < 4; ++i) {
            const float weight = y.weights[j] * x.weights[i];
            dx += weight * field.dx[row + i];
            dy += weight * field.dy[row + i];
        }
    }
    return {double{dx}, double{dy}};
}

float sampled(std::span<const float> from, std::int64_t width, std::int64_t height, double x,
              double y, float outside) {
    // Also for what is no number.
    if (!(x > -1 && y > -1 && x < static_cast<double>(width) && y < static_cast<double>(height)))
        return outside;
    const double left = std::floor(x);
    const double top = std::floor(y);
    const auto ix = static_cast<std::int64_t>(left);
    const auto iy = static_cast<std::int64_t>(top);
    const auto at = [&](std::int64_t column, std::int64_t row) {
        return column < 0 || row < 0 || column >= width || row >= height
                   ? outside
                   : from[static_cast<std::size_t>(row * width + column)];
    };
    const auto fx = static_cast<float>(x - left);
    const auto fy = static_cast<float>(y - top);
    const float upper = at(ix, iy) + fx * (at(ix + 1, iy) - at(ix, iy));
    const float lower = at(ix, iy + 1) + fx * (at(ix + 1, iy + 1) - at(ix, iy + 1));
    return upper + fy * (lower - upper);
}

} // namespace

Affine Affine::after(const Affine& inner) const {
    return {xx * inner.xx + xy * inner.yx,      xx * inner.xy + xy * inner.yy,
            xx * inner.x0 + xy * inner.y0 + x0, yx * inner.xx + yy * inner.yx,
            yx * inner.xy + yy * inner.yy,      yx * inner.x0 + yy * inner.y0 + y0};
}

ElasticField emptyField(std::int64_t width, std::int64_t height, double spacing) {
    const auto nodes = [&](std::int64_t length) {
        return static_cast<std::int64_t>(std::floor(static_cast<double>(length) / spacing)) + 4;
    };
    ElasticField field{nodes(width), nodes(height), spacing, {}, {}};
    const auto count = static_cast<std::size_t>(field.columns * field.rows);
    field.dx.resize(count);
    field.dy.resize(count);
    return field;
}

void warpPlane(std::span<const float> from, std::int64_t width, std::int64_t height,
               const Affine& map, const ElasticField& field, float outside, std::span<float> to) {
    const bool elastic = field.columns > 0;
    const auto across = elastic ? splinesAlong(width, field.spacing) : std::vector<Spline>{};
    const auto down = elastic ? splinesAlong(height, field.spacing) : std::vector<Spline>{};
    const double middleX = 0.5 * static_cast<double>(width - 1);
    const double middleY = 0.5 * static_cast<double>(height - 1);
    std::size_t next = 0;
    for (std::int64_t row = 0; row < height; ++row)
        for (std::int64_t column = 0; column < width; ++column) {
            double x = static_cast<double>(column) - middleX;
            double y = static_cast<double>(row) - middleY;
            if (elastic) {
                const auto shift = shiftAt(field, across[static_cast<std::size_t>(column)],
                                           down[static_cast<std::size_t>(row)]);
                x += shift[0];
                y += shift[1];
            }
            to[next++] = sampled(from, width, height, map.xx * x + map.xy * y + map.x0 + middleX,
                                 map.yx * x + map.yy * y + map.y0 + middleY, outside);
        }
}

} // namespace gradwright
