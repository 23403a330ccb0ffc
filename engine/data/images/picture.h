// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"
#include "engine/data/images/preparation.h"
#include "engine/tensor/tensor.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace gradwright {

/// An image as files hold it: gray or red, green, blue.
struct Picture {
    std::int64_t width = 0;
    std::int64_t height = 0;
    std::int64_t channels = 1;       ///< 1 or 3
    std::vector<std::uint8_t> bytes; ///< [height, width, channels]
};

/// What is wanted of a file.
struct PictureRequest {
    std::int64_t channels = 1;
    /// JPEG: decode at a half, quarter or eighth of the size as long as both sides stay at least
    /// twice this, which is many times quicker. 0 decodes the whole.
    std::int64_t side = 0;
};

/// Reads a PNG, JPEG, BMP, GIF or TIFF (their first image), PNM or WebP, told apart by content.
/// Colours become gray by luminance where one channel is wanted, transparency shows white, a
/// camera's orientation tag is obeyed. Throws Error naming the file and the cause when it is
/// missing, no image, broken, cut short or too large, or when other channels than 1 or 3 are asked
/// for.
Picture readPicture(const std::filesystem::path& path, const PictureRequest& request);

/// Throws Error naming the file unless it begins as an image does that can be read.
void requirePictureSignature(const std::filesystem::path& path);

Picture pictureOf(const GrayImage& image, std::int64_t channels);

/// Scales a picture to C×H×W, F32 in [0, 1].
Tensor scaledPicture(const Picture& picture, const Shape& shape, PictureFit fit);

} // namespace gradwright
