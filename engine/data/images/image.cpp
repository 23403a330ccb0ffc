// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image.h"

#include "engine/data/images/image_codecs.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxSide = 16'384;
constexpr std::int64_t kMaxPixels = std::int64_t{64} << 20;
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{256} << 20;

using Decode = Picture (*)(std::span<const std::uint8_t> file, const std::string& name,
                           const PictureRequest& request);

/// How a file of a kind begins, and what reads it.
struct ImageKind {
    std::string_view beginning;
    Decode decode;
    std::string_view later = {}; ///< what comes eight bytes later
};

using namespace std::string_view_literals;
constexpr std::array<ImageKind, 14> kImageKinds = {{{"\x89PNG\r\n\x1a\n"sv, decodePng},
                                                    {"\xff\xd8\xff"sv, decodeJpeg},
                                                    {"GIF87a"sv, decodeGif},
                                                    {"GIF89a"sv, decodeGif},
                                                    {"BM"sv, decodeBmp},
                                                    {"P1"sv, decodePnm},
                                                    {"P2"sv, decodePnm},
                                                    {"P3"sv, decodePnm},
                                                    {"P4"sv, decodePnm},
                                                    {"P5"sv, decodePnm},
                                                    {"P6"sv, decodePnm},
                                                    {"RIFF"sv, decodeWebP, "WEBP"sv},
                                                    {"II*\0"sv, decodeTiff},
                                                    {"MM\0*"sv, decodeTiff}}};
constexpr std::size_t kLongestBeginning = 12;

const ImageKind* kindOf(std::span<const std::uint8_t> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                                std::min(bytes.size(), kLongestBeginning));
    const auto found = std::ranges::find_if(kImageKinds, [&](const ImageKind& kind) {
        return text.starts_with(kind.beginning) &&
               (kind.later.empty() || (text.size() >= 8 && text.substr(8) == kind.later));
    });
    return found == kImageKinds.end() ? nullptr : &*found;
}

std::vector<std::uint8_t> readWhole(const fs::path& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status))
        throw Error("{}: there is no such file", path.string());
    if (!fs::is_regular_file(status))
        throw Error("{}: this is not a file", path.string());
    const auto size = fs::file_size(path, error);
    if (error)
        throw Error("{}: cannot be read: {}", path.string(), error.message());
    if (size > kMaxFileBytes)
        throw Error("{}: an image file may have {} MiB at most, this one has {} bytes",
                    path.string(), kMaxFileBytes >> 20, size);
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!stream)
        throw Error("{}: cannot be read: {}", path.string(),
                    errno != 0 ? std::strerror(errno) : "it ended early");
    return bytes;
}

/// What reads such bytes. Throws Error when nothing does.
Decode decoderOf(std::span<const std::uint8_t> bytes, const fs::path& path) {
    const auto* kind = kindOf(bytes);
    if (!kind)
        throw Error("{}: not a PNG, JPEG, BMP, GIF, PNM, WebP or TIFF image", path.string());
    return kind->decode;
}

} // namespace

void checkImageSize(std::int64_t width, std::int64_t height, const std::string& name) {
    if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide ||
        width * height > kMaxPixels)
        throw Error("{}: an image of {} × {} pixels is too large or empty; at most {} a side and "
                    "{} million in all can be read",
                    name, width, height, kMaxSide, kMaxPixels / 1'000'000);
}

GrayImage makeImage(std::int64_t width, std::int64_t height, float value) {
    checkImageSize(width, height, "image");
    return {width, height, std::vector<float>(static_cast<std::size_t>(width * height), value)};
}

Picture readPicture(const fs::path& path, const PictureRequest& request) {
    if (request.channels != 1 && request.channels != 3)
        throw Error("{}: images are read with 1 or 3 channels, not {}", path.string(),
                    request.channels);
    const auto bytes = readWhole(path);
    return decoderOf(bytes, path)(bytes, path.string(), request);
}

std::vector<std::uint8_t> onWhite(std::span<const std::uint8_t> pixels, bool isMultiplied) {
    std::vector<std::uint8_t> colours;
    colours.reserve(pixels.size() / 4 * 3);
    for (std::size_t i = 0; i + 3 < pixels.size(); i += 4) {
        const int opacity = pixels[i + 3];
        for (std::size_t c = 0; c < 3; ++c) {
            const int multiplied =
                isMultiplied ? pixels[i + c] : (pixels[i + c] * opacity + 127) / 255;
            colours.push_back(static_cast<std::uint8_t>(std::min(255, multiplied + 255 - opacity)));
        }
    }
    return colours;
}

Picture pictureFromColours(std::int64_t width, std::int64_t height,
                           std::vector<std::uint8_t> colours, std::int64_t channels) {
    if (channels == 3)
        return {width, height, channels, std::move(colours)};
    std::vector<std::uint8_t> grays;
    grays.reserve(colours.size() / 3);
    for (std::size_t i = 0; i + 2 < colours.size(); i += 3)
        grays.push_back(static_cast<std::uint8_t>(
            (299 * colours[i] + 587 * colours[i + 1] + 114 * colours[i + 2] + 500) / 1000));
    return {width, height, channels, std::move(grays)};
}

void requirePictureSignature(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::vector<std::uint8_t> bytes(kLongestBeginning);
    stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, stream.gcount())));
    static_cast<void>(decoderOf(bytes, path));
}

GrayImage readImage(const fs::path& path) {
    const auto picture = readPicture(path, {});
    auto image = makeImage(picture.width, picture.height);
    std::ranges::transform(picture.bytes, image.pixels.begin(),
                           [](std::uint8_t byte) { return static_cast<float>(byte) / 255.0F; });
    return image;
}

} // namespace gradwright
