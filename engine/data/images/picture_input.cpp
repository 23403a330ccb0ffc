// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/picture_input.h"

#include "engine/data/images/digit.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <utility>

namespace gradwright {
namespace {

/// Noise leads a little out of [0, 1] and is cut off; what goes further is on another scale.
constexpr float kBeyond = 1;

constexpr double kGamma = 2.2; // of bytes in files, as libpng takes it where a file says nothing

/// By luminance, summed in linear light as libpng does, in whole bytes.
GrayImage grayOf(const Picture& picture) {
    std::array<double, 256> linear{};
    for (std::size_t i = 0; i < linear.size(); ++i)
        linear[i] = std::pow(static_cast<double>(i) / 255, kGamma);
    auto gray = makeImage(picture.width, picture.height);
    const auto step = static_cast<std::size_t>(picture.channels);
    for (std::size_t i = 0; i < gray.pixels.size(); ++i) {
        const auto* const pixel = picture.bytes.data() + i * step;
        const double light = step == 1 ? linear[pixel[0]]
                                       : 0.2126 * linear[pixel[0]] + 0.7152 * linear[pixel[1]] +
                                             0.0722 * linear[pixel[2]];
        const double value = 255 * std::pow(light, 1 / kGamma);
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
    const auto stretch = [&] {
        const auto [least, most] = std::ranges::minmax(all);
        const float range = most > least ? most - least : 1;
        for (auto& value : all)
            value = (value - least) / range;
    };
    if (preparation.pictures == PictureKind::None || !fits(mean.size()) ||
        !fits(deviation.size())) {
        stretch();
        return shown;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto c = i / plane;
        all[i] = static_cast<float>(static_cast<double>(all[i]) *
                                        deviation[deviation.size() == 1 ? 0 : c] +
                                    mean[mean.size() == 1 ? 0 : c]);
    }
    const auto [least, most] = std::ranges::minmax(all);
    if (least < -kBeyond || most > 1 + kBeyond)
        stretch();
    for (auto& value : all)
        value = std::clamp(value, 0.0F, 1.0F);
    return shown;
}

} // namespace gradwright
