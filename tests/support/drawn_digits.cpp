// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/drawn_digits.h"

#include "engine/support/rng.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright::test {
namespace {

constexpr double kEnlargement = 5.0;

struct Box {
    std::int64_t left = std::numeric_limits<std::int64_t>::max();
    std::int64_t top = std::numeric_limits<std::int64_t>::max();
    std::int64_t right = 0;
    std::int64_t bottom = 0;
};

Box inkBox(std::span<const float> digit, std::int64_t size) {
    Box box;
    for (std::int64_t y = 0; y < size; ++y)
        for (std::int64_t x = 0; x < size; ++x)
            if (digit[static_cast<std::size_t>(y * size + x)] > 0) {
                box.left = std::min(box.left, x);
                box.top = std::min(box.top, y);
                box.right = std::max(box.right, x + 1);
                box.bottom = std::max(box.bottom, y + 1);
            }
    return box;
}

/// Bilinear; (0.5, 0.5) is the centre of the first pixel, outside is 0.
float sampleAt(std::span<const float> digit, std::int64_t size, double x, double y) {
    const auto column = static_cast<std::int64_t>(std::floor(x - 0.5));
    const auto row = static_cast<std::int64_t>(std::floor(y - 0.5));
    const auto u = x - 0.5 - static_cast<double>(column);
    const auto v = y - 0.5 - static_cast<double>(row);
    const auto pixel = [&](std::int64_t px, std::int64_t py) {
        const bool inside = px >= 0 && py >= 0 && px < size && py < size;
        return inside ? double{digit[static_cast<std::size_t>(py * size + px)]} : 0.0;
    };
    return static_cast<float>(
        (1 - v) * ((1 - u) * pixel(column, row) + u * pixel(column + 1, row)) +
        v * ((1 - u) * pixel(column, row + 1) + u * pixel(column + 1, row + 1)));
}

/// The largest value within `radius` pixels.
GrayImage dilated(const GrayImage& image, double radius) {
    const auto reach = static_cast<std::int64_t>(std::floor(radius));
    auto result = image;
    for (std::int64_t y = 0; y < image.height; ++y)
        for (std::int64_t x = 0; x < image.width; ++x) {
            if (image.at(x, y) <= 0)
                continue;
            for (auto dy = -reach; dy <= reach; ++dy)
                for (auto dx = -reach; dx <= reach; ++dx) {
                    const auto tx = x + dx;
                    const auto ty = y + dy;
                    const bool near = static_cast<double>(dx * dx + dy * dy) <= radius * radius;
                    if (near && tx >= 0 && ty >= 0 && tx < image.width && ty < image.height)
                        result.at(tx, ty) = std::max(result.at(tx, ty), image.at(x, y));
                }
        }
    return result;
}

} // namespace

GrayImage drawDigit(const Tensor& digit, const DrawingSpec& spec) {
    const auto values = digit.span<float>();
    const auto size = digit.shape()[1];
    const auto box = inkBox(values, size);
    // One pixel around the ink, as interpolation spreads it by half a pixel.
    const auto width = static_cast<double>(box.right - box.left + 2);
    const auto height = static_cast<double>(box.bottom - box.top + 2);
    const Rng rng(spec.seed, RngStream::Test);
    const auto side = static_cast<double>(spec.side);
    const auto grown = 2 * spec.dilation * height;
    const auto largest = side / (std::max(width, height) + grown);
    const auto scale = std::min(
        largest, kEnlargement * std::exp(std::log(spec.minScale) +
                                         rng.uniform(0) * std::log(spec.maxScale / spec.minScale)));
    const auto radius = spec.dilation * scale * static_cast<double>(box.bottom - box.top);
    const auto left = radius + rng.uniform(1) * (side - 2 * radius - scale * width);
    const auto top = radius + rng.uniform(2) * (side - 2 * radius - scale * height);

    auto drawing = makeImage(spec.side, spec.side);
    for (std::int64_t y = 0; y < spec.side; ++y)
        for (std::int64_t x = 0; x < spec.side; ++x)
            drawing.at(x, y) = sampleAt(
                values, size,
                (static_cast<double>(x) + 0.5 - left) / scale + static_cast<double>(box.left - 1),
                (static_cast<double>(y) + 0.5 - top) / scale + static_cast<double>(box.top - 1));
    if (radius >= 1)
        drawing = dilated(drawing, radius);
    if (spec.darkOnLight)
        for (auto& value : drawing.pixels)
            value = 1.0F - value;
    return drawing;
}

} // namespace gradwright::test
