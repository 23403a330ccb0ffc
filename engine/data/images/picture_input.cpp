// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/picture_input.h"

#include "engine/data/images/digit.h"
#include "engine/data/images/picture.h"
#include "engine/support/error.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

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

PreparedPicture preparePicture(const std::filesystem::path& file, const DataInfo& info) {
    requireImages(info);
    if (info.preparation.pictures == PictureKind::Digit)
        return prepareDrawing(readImage(file), info);
    const auto side = std::max(info.input[1], info.input[2]);
    return whole(readPicture(file, {.channels = info.input[0], .side = side}), info);
}

} // namespace gradwright
