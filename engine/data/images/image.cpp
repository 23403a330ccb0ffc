// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image.h"

#include "engine/data/images/image_codecs.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxSide = 16'384;
constexpr std::int64_t kMaxPixels = std::int64_t{64} << 20;
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{256} << 20;

constexpr std::array<std::uint8_t, 8> kPngSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::array<std::uint8_t, 3> kJpegSignature = {0xff, 0xd8, 0xff};

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

template <std::size_t N>
bool startsWith(const std::vector<std::uint8_t>& bytes, const std::array<std::uint8_t, N>& what) {
    return bytes.size() >= N && std::equal(what.begin(), what.end(), bytes.begin());
}

Error notAnImage(const fs::path& path) {
    return Error("{}: this is neither a PNG nor a JPEG image", path.string());
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
    if (startsWith(bytes, kPngSignature))
        return decodePng(bytes, path.string(), request);
    if (startsWith(bytes, kJpegSignature))
        return decodeJpeg(bytes, path.string(), request);
    throw notAnImage(path);
}

void requirePictureSignature(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::vector<std::uint8_t> bytes(kPngSignature.size());
    stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, stream.gcount())));
    if (!startsWith(bytes, kPngSignature) && !startsWith(bytes, kJpegSignature))
        throw notAnImage(path);
}

GrayImage readImage(const fs::path& path) {
    const auto picture = readPicture(path, {});
    auto image = makeImage(picture.width, picture.height);
    std::ranges::transform(picture.bytes, image.pixels.begin(),
                           [](std::uint8_t byte) { return static_cast<float>(byte) / 255.0F; });
    return image;
}

} // namespace gradwright
