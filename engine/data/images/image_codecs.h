// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/picture.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gradwright {

// Decoders of a whole file in memory. `name` is the file's, for messages.
Picture decodePng(std::span<const std::uint8_t> file, const std::string& name,
                  const PictureRequest& request);
Picture decodeJpeg(std::span<const std::uint8_t> file, const std::string& name,
                   const PictureRequest& request);

/// Windows bitmaps without compression, of 1, 4, 8, 16, 24 or 32 bits.
Picture decodeBmp(std::span<const std::uint8_t> file, const std::string& name,
                  const PictureRequest& request);
/// The first image of a GIF; what is transparent or not covered is white.
Picture decodeGif(std::span<const std::uint8_t> file, const std::string& name,
                  const PictureRequest& request);
/// PBM, PGM and PPM, as text (P1 to P3) and as bytes (P4 to P6).
Picture decodePnm(std::span<const std::uint8_t> file, const std::string& name,
                  const PictureRequest& request);

/// WebP images that are not animated. Throws Error where libwebp is not installed.
Picture decodeWebP(std::span<const std::uint8_t> file, const std::string& name,
                   const PictureRequest& request);
/// The first image of a TIFF. Throws Error where libtiff is not installed.
Picture decodeTiff(std::span<const std::uint8_t> file, const std::string& name,
                   const PictureRequest& request);

/// Red, green, blue and opacity, pixel by pixel, as red, green and blue on white. `isMultiplied`:
/// the colours were multiplied by the opacity.
std::vector<std::uint8_t> onWhite(std::span<const std::uint8_t> pixels, bool isMultiplied);

/// Red, green and blue as they are, or as gray by luminance where one channel is wanted.
Picture pictureFromColours(std::int64_t width, std::int64_t height,
                           std::vector<std::uint8_t> colours, std::int64_t channels);

/// Throws Error when an image is too large to be held.
void checkImageSize(std::int64_t width, std::int64_t height, const std::string& name);

} // namespace gradwright
