// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_codecs.h"
#include "engine/support/error.h"
#include "engine/support/shared_library.h"

namespace gradwright {
namespace {

/// The functions of libwebp that are needed, as its decode.h declares them.
struct WebP {
    int (*info)(const std::uint8_t* file, std::size_t bytes, int* width, int* height) = nullptr;
    /// Writes red, green, blue and opacity, row by row; nullptr where the image is broken.
    std::uint8_t* (*decode)(const std::uint8_t* file, std::size_t bytes, std::uint8_t* out,
                            std::size_t size, int stride) = nullptr;
    bool isThere = false;

    WebP() {
        isThere =
            openLibrary("libwebp.so.7", {{"WebPGetInfo", info}, {"WebPDecodeRGBAInto", decode}});
    }
};

} // namespace

Picture decodeWebP(std::span<const std::uint8_t> file, const std::string& name,
                   const PictureRequest& request) {
    static const WebP webp;
    if (!webp.isThere)
        throw Error("{}: WebP images need libwebp (the package libwebp7), which is not installed",
                    name);
    int width = 0;
    int height = 0;
    if (!webp.info(file.data(), file.size(), &width, &height))
        throw Error("{}: this WebP image is broken", name);
    checkImageSize(width, height, name);
    const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    std::vector<std::uint8_t> colours(pixels * 4);
    if (!webp.decode(file.data(), file.size(), colours.data(), colours.size(), 4 * width))
        throw Error("{}: this WebP image is broken, cut short or animated; save it as PNG", name);
    return pictureFromColours(width, height, onWhite(colours, false), request.channels);
}

} // namespace gradwright
