// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/preparation.h"

#include "engine/support/error.h"

#include <cstddef>

namespace gradwright {
namespace {

float prepared(double value, const Preparation& preparation) {
    if (preparation.binarize)
        value = value > 0.5 ? 1.0 : 0.0;
    return static_cast<float>((value - preparation.mean) / preparation.deviation);
}

} // namespace

std::array<float, 256> byteTable(const Preparation& preparation) {
    if (!(preparation.deviation > 0))
        throw Error("inputs cannot be divided by a deviation of {}; it must be greater than 0",
                    preparation.deviation);
    std::array<float, 256> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte)
        table[byte] = prepared(static_cast<double>(byte) / 255.0, preparation);
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
    if (!(preparation.deviation > 0))
        throw Error("inputs cannot be divided by a deviation of {}; it must be greater than 0",
                    preparation.deviation);
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
                to[next++] = prepared(double{from[static_cast<std::size_t>(at)]}, preparation);
            }
    return result;
}

} // namespace gradwright
