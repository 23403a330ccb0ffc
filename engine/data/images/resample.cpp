// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/resample.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace gradwright {
namespace {

/// The source pixels that one target pixel is made of.
struct Tap {
    std::int64_t first = 0;
    std::vector<float> weights;
};

/// Weights of the pixels k (covering k … k + 1) for the interval start … end.
Tap tapFor(double start, double end, std::int64_t length) {
    const auto step = end - start;
    const auto centre = 0.5 * (start + end);
    const auto reach = step >= 1 ? 0.5 * step : 1.0;
    const auto first = static_cast<std::int64_t>(
        std::clamp(std::floor(centre - reach - 0.5), 0.0, static_cast<double>(length)));
    const auto last = static_cast<std::int64_t>(
        std::clamp(std::ceil(centre + reach + 0.5), 0.0, static_cast<double>(length)));
    Tap tap{first, {}};
    for (auto k = first; k < last; ++k) {
        const auto edge = static_cast<double>(k);
        const auto overlap = std::min(end, edge + 1.0) - std::max(start, edge);
        const auto weight = step >= 1 ? overlap / step : 1.0 - std::abs(edge + 0.5 - centre);
        tap.weights.push_back(static_cast<float>(std::max(0.0, weight)));
    }
    return tap;
}

std::vector<Tap> tapsFor(double start, double end, std::int64_t count, std::int64_t length) {
    const auto step = (end - start) / static_cast<double>(count);
    std::vector<Tap> taps;
    taps.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i)
        taps.push_back(tapFor(start + static_cast<double>(i) * step,
                              start + static_cast<double>(i + 1) * step, length));
    return taps;
}

} // namespace

GrayImage resample(const GrayImage& picture, const Region& region, std::int64_t width,
                   std::int64_t height) {
    const auto columns = tapsFor(region.left, region.right, width, picture.width);
    const auto rows = tapsFor(region.top, region.bottom, height, picture.height);
    auto result = makeImage(width, height);
    std::vector<float> line(static_cast<std::size_t>(picture.width));
    for (std::int64_t y = 0; y < height; ++y) {
        const auto& row = rows[static_cast<std::size_t>(y)];
        std::ranges::fill(line, 0.0F);
        for (std::size_t k = 0; k < row.weights.size(); ++k) {
            const auto* from =
                picture.pixels.data() + (row.first + static_cast<std::int64_t>(k)) * picture.width;
            for (std::size_t x = 0; x < line.size(); ++x)
                line[x] += row.weights[k] * from[x];
        }
        for (std::int64_t x = 0; x < width; ++x) {
            const auto& column = columns[static_cast<std::size_t>(x)];
            float sum = 0;
            for (std::size_t k = 0; k < column.weights.size(); ++k)
                sum += column.weights[k] * line[static_cast<std::size_t>(column.first) + k];
            result.at(x, y) = sum;
        }
    }
    return result;
}

} // namespace gradwright
