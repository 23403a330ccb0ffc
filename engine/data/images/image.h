// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace gradwright {

struct GrayImage {
    std::int64_t width = 0;
    std::int64_t height = 0;
    std::vector<float> pixels; ///< 0 = black … 1 = white, row-major

    [[nodiscard]] float at(std::int64_t x, std::int64_t y) const {
        return pixels[static_cast<std::size_t>(y * width + x)];
    }
    [[nodiscard]] float& at(std::int64_t x, std::int64_t y) {
        return pixels[static_cast<std::size_t>(y * width + x)];
    }

    bool operator==(const GrayImage&) const = default;
};

/// An image of one value. Throws Error when a side is less than 1 or the image too large.
GrayImage makeImage(std::int64_t width, std::int64_t height, float value = 0);

/// Reads a PNG, JPEG, BMP, GIF, PNM, WebP or TIFF, told apart by content. Colours become gray by
/// luminance, transparency shows white, a camera's orientation tag is obeyed. Throws Error naming
/// the file and the cause when it is missing, no image, broken, cut short or too large (16,384 a
/// side, 64 Mi pixels).
GrayImage readImage(const std::filesystem::path& path);

/// Writes an 8-bit gray PNG. Throws Error naming the file and the cause.
void writePng(const GrayImage& image, const std::filesystem::path& path);

} // namespace gradwright
