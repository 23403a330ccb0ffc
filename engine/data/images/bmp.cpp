// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_codecs.h"
#include "engine/support/error.h"

#include <array>
#include <bit>
#include <cstdlib>

namespace gradwright {
namespace {

constexpr std::size_t kBmpFileHeader = 14;
constexpr std::size_t kBmpInfoHeader = 40;

/// Little-endian numbers of a file that may end early.
class BmpBytes {
public:
    BmpBytes(std::span<const std::uint8_t> file, const std::string& name)
        : file_(file)
        , name_(name) {}

    [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t length) const {
        if (at > file_.size() || file_.size() - at < length)
            throw Error("{}: this BMP image is broken or cut short", name_);
        std::uint32_t value = 0;
        for (std::size_t i = length; i > 0; --i)
            value = (value << 8) | file_[at + i - 1];
        return value;
    }

private:
    std::span<const std::uint8_t> file_;
    const std::string& name_;
};

/// The bits of one colour within a pixel, as a byte.
struct BmpMask {
    std::uint32_t bits = 0;

    [[nodiscard]] std::uint8_t of(std::uint32_t pixel) const {
        if (bits == 0)
            return 0;
        const auto most = bits >> std::countr_zero(bits);
        const auto value = (pixel & bits) >> std::countr_zero(bits);
        return static_cast<std::uint8_t>((std::uint64_t{value} * 255 + most / 2) / most);
    }
};

struct BmpHeader {
    std::int64_t width = 0;
    std::int64_t height = 0;
    bool isUpright = false; ///< the first row is the uppermost
    std::uint32_t depth = 0;
    std::size_t pixels = 0; ///< the first pixel's place in the file
    std::size_t palette = 0;
    std::uint32_t colours = 0; ///< the palette has so many
    std::array<BmpMask, 3> masks{};
};

BmpHeader bmpHeader(const BmpBytes& bytes, const std::string& name) {
    constexpr std::uint32_t kNone = 0;
    constexpr std::uint32_t kBitFields = 3;
    const auto size = bytes.number(kBmpFileHeader, 4);
    if (size < kBmpInfoHeader)
        throw Error("{}: this BMP image is of a kind that cannot be read (a header of {} bytes)",
                    name, size);
    BmpHeader header;
    header.width = static_cast<std::int32_t>(bytes.number(18, 4));
    const auto height = static_cast<std::int32_t>(bytes.number(22, 4));
    header.isUpright = height < 0;
    header.height = std::abs(std::int64_t{height});
    checkImageSize(header.width, header.height, name);
    header.depth = bytes.number(28, 2);
    const auto compression = bytes.number(30, 4);
    if (compression != kNone && compression != kBitFields)
        throw Error(
            "{}: this BMP image is compressed (method {}), which cannot be read; save it as "
            "PNG",
            name, compression);
    header.pixels = bytes.number(10, 4);
    header.palette = kBmpFileHeader + size;
    const auto colours = bytes.number(46, 4);
    switch (header.depth) {
    case 1:
    case 4:
    case 8:
        header.colours = colours == 0 ? 1U << header.depth : colours;
        break;
    case 16:
        header.masks = {{{0x7C00}, {0x03E0}, {0x001F}}};
        break;
    case 24:
    case 32:
        header.masks = {{{0xFF0000}, {0x00FF00}, {0x0000FF}}};
        break;
    default:
        throw Error("{}: a BMP image has 1, 4, 8, 16, 24 or 32 bits per pixel, not {}", name,
                    header.depth);
    }
    if (compression == kBitFields)
        for (std::size_t c = 0; c < 3; ++c)
            header.masks[c].bits = bytes.number(54 + 4 * c, 4);
    return header;
}

} // namespace

Picture decodeBmp(std::span<const std::uint8_t> file, const std::string& name,
                  const PictureRequest& request) {
    const BmpBytes bytes(file, name);
    const auto header = bmpHeader(bytes, name);
    const auto width = static_cast<std::size_t>(header.width);
    const auto height = static_cast<std::size_t>(header.height);
    const auto stride = (width * header.depth + 31) / 32 * 4;
    std::vector<std::uint8_t> colours(width * height * 3);
    for (std::size_t y = 0; y < height; ++y) {
        const auto row = header.pixels + (header.isUpright ? y : height - 1 - y) * stride;
        for (std::size_t x = 0; x < width; ++x) {
            auto* const to = colours.data() + (y * width + x) * 3;
            if (header.depth > 8) {
                const auto length = header.depth / 8;
                const auto pixel = bytes.number(row + x * length, length);
                for (std::size_t c = 0; c < 3; ++c)
                    to[c] = header.masks[c].of(pixel);
                continue;
            }
            const auto perByte = 8 / header.depth;
            const auto shift = 8 - header.depth * (x % perByte + 1);
            const auto index =
                (bytes.number(row + x / perByte, 1) >> shift) & ((1U << header.depth) - 1);
            if (index >= header.colours)
                throw Error("{}: this BMP image is broken: it has no colour {}", name, index);
            const auto colour = bytes.number(header.palette + std::size_t{4} * index, 4);
            for (std::size_t c = 0; c < 3; ++c)
                to[c] = static_cast<std::uint8_t>(colour >> (16 - 8 * c));
        }
    }
    return pictureFromColours(header.width, header.height, std::move(colours), request.channels);
}

} // namespace gradwright
