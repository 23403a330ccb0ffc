// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_codecs.h"
#include "engine/support/error.h"

#include <png.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

namespace gradwright {
namespace {

/// libpng's simplified interface, which keeps its longjmp to itself.
struct PngImage : png_image {
    PngImage()
        : png_image{} {
        version = PNG_IMAGE_VERSION;
    }
    ~PngImage() { png_image_free(this); }
    PngImage(const PngImage&) = delete;
    PngImage& operator=(const PngImage&) = delete;
};

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

std::uint8_t toByte(float value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * 255.0F));
}

} // namespace

Picture decodePng(std::span<const std::uint8_t> file, const std::string& name,
                  const PictureRequest& request) {
    PngImage png;
    if (!png_image_begin_read_from_memory(&png, file.data(), file.size()))
        throw Error("{}: this PNG image is broken: {}", name, png.message);
    checkImageSize(png.width, png.height, name);
    png.format = request.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    // Without this, 16-bit images that name no gamma would be taken as linear light.
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;

    Picture picture{png.width, png.height, request.channels, {}};
    picture.bytes.resize(
        static_cast<std::size_t>(picture.width * picture.height * picture.channels));
    const png_color white = {255, 255, 255};
    if (!png_image_finish_read(&png, &white, picture.bytes.data(), 0, nullptr))
        throw Error("{}: this PNG image is broken or cut short: {}", name, png.message);
    return picture;
}

void writePng(const GrayImage& image, const std::filesystem::path& path) {
    checkImageSize(image.width, image.height, path.string());
    if (image.pixels.size() != static_cast<std::size_t>(image.width * image.height))
        throw Error("{}: {} pixels are not an image of {} × {}", path.string(), image.pixels.size(),
                    image.width, image.height);
    std::vector<std::uint8_t> bytes(image.pixels.size());
    std::ranges::transform(image.pixels, bytes.begin(), toByte);

    PngImage png;
    png.width = static_cast<png_uint_32>(image.width);
    png.height = static_cast<png_uint_32>(image.height);
    png.format = PNG_FORMAT_GRAY;
    std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "wb"));
    if (!file)
        throw Error("{}: cannot be written: {}", path.string(), std::strerror(errno));
    if (!png_image_write_to_stdio(&png, file.get(), 0, bytes.data(), 0, nullptr))
        throw Error("{}: cannot be written: {}", path.string(), png.message);
    if (std::fclose(file.release()) != 0)
        throw Error("{}: cannot be written: {}", path.string(), std::strerror(errno));
}

} // namespace gradwright
