// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/picture_input.h"

#include "engine/data/images/digit.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace gradwright {
namespace {

/// By luminance (Rec. 601), in whole bytes.
GrayImage grayOf(const Picture& picture) {
    auto gray = makeImage(picture.width, picture.height);
    const auto step = static_cast<std::size_t>(picture.channels);
    for (std::size_t i = 0; i < gray.pixels.size(); ++i) {
        const auto* const pixel = picture.bytes.data() + i * step;
        const double value =
            step == 1 ? pixel[0] : 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
        gray.pixels[i] = static_cast<float>(std::lround(value)) / 255.0F;
    }
    return gray;
}

PreparedPicture prepared(Tensor shown, const DataInfo& info) {
    auto input = applyPreparation(shown, info.preparation);
    return {std::move(shown), std::move(input)};
}

PreparedPicture whole(const Picture& picture, const DataInfo& info) {
    return prepared(scaledPicture(picture, info.input, info.preparation.fit), info);
}

void requireImages(const DataInfo& info) {
    if (info.preparation.pictures == PictureKind::None)
        throw Error("the network was trained on samples of {}, not on images",
                    toString(info.input));
}

} // namespace

PreparedPicture prepareDrawing(const GrayImage& drawing, const DataInfo& info) {
    requireImages(info);
    if (info.preparation.pictures == PictureKind::Digit)
        return prepared(prepareDigit(drawing, {.box = info.preparation.box}), info);
    return whole(pictureOf(drawing, info.input[0]), info);
}

PreparedPicture preparePicture(const Picture& picture, const DataInfo& info) {
    requireImages(info);
    if (info.preparation.pictures == PictureKind::Digit)
        return prepareDrawing(grayOf(picture), info);
    if (picture.channels == info.input[0])
        return whole(picture, info);
    return whole(pictureOf(grayOf(picture), info.input[0]), info);
}

PreparedPicture preparePicture(const std::filesystem::path& file, const DataInfo& info) {
    requireImages(info);
    if (info.preparation.pictures == PictureKind::Digit)
        return prepareDrawing(readImage(file), info);
    const auto side = std::max(info.input[1], info.input[2]);
    return whole(readPicture(file, {.channels = info.input[0], .side = side}), info);
}

Tensor shownSample(std::span<const float> values, const Shape& shape,
                   const Preparation& preparation) {
    auto shown = Tensor::of<float>(shape, values);
    const auto plane = static_cast<std::size_t>(shape[1] * shape[2]);
    const auto channels = static_cast<std::size_t>(shape[0]);
    const auto all = shown.span<float>();
    const auto& [mean, deviation] = std::tie(preparation.mean, preparation.deviation);
    const auto fits = [&](std::size_t count) { return count == 1 || count == channels; };
    if (preparation.pictures == PictureKind::None || !fits(mean.size()) ||
        !fits(deviation.size())) {
        const auto [least, most] = std::ranges::minmax_element(values);
        const float from = *least;
        const float range = *most > from ? *most - from : 1;
        for (auto& value : all)
            value = (value - from) / range;
        return shown;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto c = i / plane;
        const double value =
            static_cast<double>(all[i]) * deviation[deviation.size() == 1 ? 0 : c] +
            mean[mean.size() == 1 ? 0 : c];
        all[i] = static_cast<float>(std::clamp(value, 0.0, 1.0));
    }
    return shown;
}

} // namespace gradwright
