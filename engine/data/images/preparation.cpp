// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/preparation.h"

#include "engine/support/error.h"

#include <algorithm>
#include <cstddef>

namespace gradwright {
namespace {

/// The one for all, or the channel's own.
double ofChannel(const std::vector<double>& values, std::size_t channel) {
    return values[values.size() == 1 ? 0 : channel];
}

void requireScale(const Preparation& preparation, std::size_t channels) {
    for (const auto* values : {&preparation.mean, &preparation.deviation})
        if (values->size() != 1 && values->size() != channels)
            throw Error("{} means or deviations do not fit an image of {} channels", values->size(),
                        channels);
    for (const auto deviation : preparation.deviation)
        if (!(deviation > 0))
            throw Error("inputs cannot be divided by a deviation of {}; it must be greater than 0",
                        deviation);
}

} // namespace

float preparedValue(double value, const Preparation& preparation, std::size_t channel) {
    if (preparation.binarize)
        value = value > 0.5 ? 1.0 : 0.0;
    return static_cast<float>((value - ofChannel(preparation.mean, channel)) /
                              ofChannel(preparation.deviation, channel));
}

std::array<float, 256> byteTable(const Preparation& preparation, std::size_t channel) {
    requireScale(preparation, std::max(preparation.mean.size(), channel + 1));
    std::array<float, 256> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte)
        table[byte] = preparedValue(static_cast<double>(byte) / 255.0, preparation, channel);
    return table;
}

Shape preparedShape(const Shape& image, const Preparation& preparation) {
    if (image.rank() != 3)
        throw Error("an image has the shape channels×height×width, not {}", toString(image));
    const auto size = preparation.size;
    if (size == 0)
        return image;
    if (size < 0 || size > image[1] || size > image[2])
        throw Error("a square of {} × {} cannot be cut from an image of shape {}", size, size,
                    toString(image));
    return {image[0], size, size};
}

Tensor applyPreparation(const Tensor& image, const Preparation& preparation) {
    const auto shape = preparedShape(image.shape(), preparation);
    requireScale(preparation, static_cast<std::size_t>(shape[0]));
    Tensor result(DType::F32, shape);
    const auto from = image.span<float>();
    const auto to = result.span<float>();
    const auto height = image.shape()[1];
    const auto width = image.shape()[2];
    const auto top = (height - shape[1]) / 2;
    const auto left = (width - shape[2]) / 2;
    std::size_t next = 0;
    for (std::int64_t c = 0; c < shape[0]; ++c)
        for (std::int64_t y = 0; y < shape[1]; ++y)
            for (std::int64_t x = 0; x < shape[2]; ++x) {
                const auto at = (c * height + top + y) * width + left + x;
                to[next++] = preparedValue(double{from[static_cast<std::size_t>(at)]}, preparation,
                                           static_cast<std::size_t>(c));
            }
    return result;
}

} // namespace gradwright
