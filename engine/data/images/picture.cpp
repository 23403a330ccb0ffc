// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/picture.h"

#include "engine/data/images/resample.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

GrayImage planeOf(const Picture& picture, std::int64_t channel) {
    auto plane = makeImage(picture.width, picture.height);
    const auto step = static_cast<std::size_t>(picture.channels);
    auto from = static_cast<std::size_t>(channel);
    for (auto& pixel : plane.pixels) {
        pixel = static_cast<float>(picture.bytes[from]) / 255.0F;
        from += step;
    }
    return plane;
}

/// The part of the picture that becomes the sample; with Pad it reaches beyond the picture.
Region regionOf(const Picture& picture, const Shape& shape, PictureFit fit) {
    const auto width = static_cast<double>(picture.width);
    const auto height = static_cast<double>(picture.height);
    if (fit == PictureFit::Stretch)
        return {0, 0, width, height};
    const auto columns = static_cast<double>(shape[2]);
    const auto rows = static_cast<double>(shape[1]);
    const double across = width / columns; // picture's pixels per sample's pixel
    const double down = height / rows;
    const double scale = fit == PictureFit::Crop ? std::min(across, down) : std::max(across, down);
    const double left = 0.5 * (width - scale * columns);
    const double top = 0.5 * (height - scale * rows);
    return {left, top, left + scale * columns, top + scale * rows};
}

} // namespace

Picture pictureOf(const GrayImage& image, std::int64_t channels) {
    Picture picture{image.width, image.height, channels, {}};
    picture.bytes.reserve(image.pixels.size() * static_cast<std::size_t>(channels));
    for (const auto value : image.pixels) {
        const auto byte =
            static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * 255.0F));
        picture.bytes.insert(picture.bytes.end(), static_cast<std::size_t>(channels), byte);
    }
    return picture;
}

Tensor scaledPicture(const Picture& picture, const Shape& shape, PictureFit fit) {
    if (shape.rank() != 3 || shape[0] != picture.channels)
        throw Error("a picture of {} channels cannot become a sample of {}", picture.channels,
                    toString(shape));
    Tensor result(DType::F32, shape);
    const auto to = result.span<float>();
    const auto region = regionOf(picture, shape, fit);
    for (std::int64_t c = 0; c < picture.channels; ++c) {
        const auto scaled = resample(planeOf(picture, c), region, shape[2], shape[1]);
        std::ranges::transform(scaled.pixels, to.begin() + c * shape[1] * shape[2],
                               [](float value) { return std::clamp(value, 0.0F, 1.0F); });
    }
    return result;
}

} // namespace gradwright
