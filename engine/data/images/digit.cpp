// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/digit.h"

#include "engine/data/images/ink.h"
#include "engine/data/images/resample.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

/// MNIST's strokes are about 2.3 pixels wide of 20, hardly ever less than this; a fine pen's would
/// all but vanish when scaled down.
constexpr double kThinnestStroke = 1.7;

struct Point {
    double x = 0;
    double y = 0;
};

/// In pixel edges: the centre of the first pixel is (0.5, 0.5).
Point centreOfMass(const GrayImage& image) {
    double mass = 0;
    Point sum;
    for (std::int64_t y = 0; y < image.height; ++y)
        for (std::int64_t x = 0; x < image.width; ++x) {
            const double value = image.at(x, y);
            mass += value;
            sum.x += value * (static_cast<double>(x) + 0.5);
            sum.y += value * (static_cast<double>(y) + 0.5);
        }
    return {sum.x / mass, sum.y / mass};
}

/// Where the box starts on an axis so that the centre of mass falls into the middle pixel, as in
/// MNIST: on a whole pixel, and inside the picture.
std::int64_t placeBox(double centre, std::int64_t length, std::int64_t size) {
    const auto middle = static_cast<double>(size / 2) + 0.5;
    return std::clamp<std::int64_t>(std::llround(middle - centre), 0, size - length);
}

double longerSide(const Ink& ink) {
    return static_cast<double>(std::max(ink.right - ink.left, ink.bottom - ink.top));
}

Ink withStrokesToBeSeen(Ink ink, const DigitOptions& options) {
    const auto thinnest = kThinnestStroke / static_cast<double>(options.box) * longerSide(ink);
    const auto missing = thinnest - strokeWidth(ink);
    if (missing <= 0)
        return ink;
    return thickened(ink, 0.5 * missing);
}

} // namespace

Tensor prepareDigit(const GrayImage& drawing, const DigitOptions& options) {
    if (options.box < 1 || options.size < options.box)
        throw Error("a digit cannot be scaled into {} × {} within {} × {}", options.box,
                    options.box, options.size, options.size);
    const auto ink = withStrokesToBeSeen(findInk(drawing), options);
    const auto width = static_cast<double>(ink.right - ink.left);
    const auto height = static_cast<double>(ink.bottom - ink.top);
    const auto pixel = longerSide(ink) / static_cast<double>(options.box);
    const auto columns = std::clamp<std::int64_t>(std::llround(width / pixel), 1, options.box);
    const auto rows = std::clamp<std::int64_t>(std::llround(height / pixel), 1, options.box);
    // The shorter side is centred in whole pixels, so that the aspect stays exact.
    const Point middle = {static_cast<double>(ink.left) + 0.5 * width,
                          static_cast<double>(ink.top) + 0.5 * height};
    const Point reach = {0.5 * pixel * static_cast<double>(columns),
                         0.5 * pixel * static_cast<double>(rows)};
    const auto box =
        resample(ink.amount,
                 {middle.x - reach.x, middle.y - reach.y, middle.x + reach.x, middle.y + reach.y},
                 columns, rows);

    const auto centre = centreOfMass(box);
    const auto left = placeBox(centre.x, columns, options.size);
    const auto top = placeBox(centre.y, rows, options.size);
    Tensor digit(DType::F32, {1, options.size, options.size});
    const auto values = digit.span<float>();
    for (std::int64_t y = 0; y < rows; ++y)
        for (std::int64_t x = 0; x < columns; ++x)
            values[static_cast<std::size_t>((top + y) * options.size + left + x)] =
                std::clamp(box.at(x, y), 0.0F, 1.0F);
    return digit;
}

} // namespace gradwright
