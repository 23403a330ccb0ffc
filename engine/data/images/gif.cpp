// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_codecs.h"
#include "engine/support/error.h"

#include <array>

namespace gradwright {
namespace {

using GifColours = std::span<const std::uint8_t>; ///< three bytes each

/// The blocks of a GIF (version 89a, CompuServe 1990).
class GifReader {
public:
    GifReader(std::span<const std::uint8_t> file, const std::string& name)
        : file_(file)
        , name_(name) {}

    std::uint8_t byte() {
        if (at_ >= file_.size())
            fail();
        return file_[at_++];
    }
    std::int64_t number() {
        const std::int64_t low = byte();
        return low + 256 * std::int64_t{byte()};
    }
    std::span<const std::uint8_t> take(std::size_t count) {
        if (file_.size() - at_ < count)
            fail();
        const auto taken = file_.subspan(at_, count);
        at_ += count;
        return taken;
    }
    /// The colours that the flags announce.
    GifColours colours(std::uint8_t flags) {
        if ((flags & 0x80) == 0)
            return {};
        return take(std::size_t{3} << ((flags & 7) + 1));
    }
    /// A chain of blocks as one.
    std::vector<std::uint8_t> blocks() {
        std::vector<std::uint8_t> all;
        while (const std::size_t count = byte()) {
            const auto block = take(count);
            all.insert(all.end(), block.begin(), block.end());
        }
        return all;
    }
    [[noreturn]] void fail() const {
        throw Error("{}: this GIF image is broken or cut short", name_);
    }

private:
    std::span<const std::uint8_t> file_;
    const std::string& name_;
    std::size_t at_ = 0;
};

/// Undoes Lempel, Ziv and Welch's compression (Welch 1984) with codes of growing length.
class GifCodes {
public:
    GifCodes(std::span<const std::uint8_t> data, int least, const GifReader& reader)
        : data_(data)
        , reader_(reader)
        , clear_(1 << least)
        , least_(least) {
        for (int code = 0; code < clear_; ++code)
            last_[static_cast<std::size_t>(code)] = static_cast<std::uint8_t>(code);
        restart();
    }

    /// `count` pixels. Throws Error where the codes end before.
    std::vector<std::uint8_t> pixels(std::size_t count) {
        std::vector<std::uint8_t> pixels;
        pixels.reserve(count);
        std::vector<std::uint8_t> reversed;
        int before = -1;
        std::uint8_t first = 0;
        while (pixels.size() < count) {
            const int code = next();
            if (code == clear_) {
                restart();
                before = -1;
                continue;
            }
            if (code == clear_ + 1 || code > known_ || (before < 0 && code >= clear_))
                reader_.fail();
            int each = code;
            if (code == known_) { // what is being learned: the string before and its first pixel
                reversed.push_back(first);
                each = before;
            }
            for (; each > clear_; each = prefix_[static_cast<std::size_t>(each)])
                reversed.push_back(last_[static_cast<std::size_t>(each)]);
            first = static_cast<std::uint8_t>(each);
            reversed.push_back(first);
            pixels.insert(pixels.end(), reversed.rbegin(), reversed.rend());
            reversed.clear();
            if (before >= 0 && known_ < kMost) {
                prefix_[static_cast<std::size_t>(known_)] = before;
                last_[static_cast<std::size_t>(known_)] = first;
                ++known_;
                if (known_ == 1 << length_ && length_ < kLongest)
                    ++length_;
            }
            before = code;
        }
        pixels.resize(count);
        return pixels;
    }

private:
    static constexpr int kLongest = 12;
    static constexpr int kMost = 1 << kLongest;

    void restart() {
        known_ = clear_ + 2;
        length_ = least_ + 1;
    }
    int next() {
        while (held_ < length_) {
            if (at_ >= data_.size())
                reader_.fail();
            bits_ |= std::uint32_t{data_[at_++]} << held_;
            held_ += 8;
        }
        const auto code = static_cast<int>(bits_ & ((1U << length_) - 1));
        bits_ >>= length_;
        held_ -= length_;
        return code;
    }

    std::span<const std::uint8_t> data_;
    const GifReader& reader_;
    std::array<int, kMost> prefix_{};
    std::array<std::uint8_t, kMost> last_{};
    int clear_;
    int least_;
    int known_ = 0;
    int length_ = 0;
    std::uint32_t bits_ = 0;
    int held_ = 0;
    std::size_t at_ = 0;
};

/// The rows of an interlaced image in the order in which they come.
std::vector<std::int64_t> gifRows(std::int64_t height, bool isInterlaced) {
    std::vector<std::int64_t> rows;
    using Pass = std::array<std::int64_t, 2>; // first row, distance
    const std::vector<Pass> passes = isInterlaced
                                         ? std::vector<Pass>{{0, 8}, {4, 8}, {2, 4}, {1, 2}}
                                         : std::vector<Pass>{{0, 1}};
    for (const auto& [first, distance] : passes)
        for (auto row = first; row < height; row += distance)
            rows.push_back(row);
    return rows;
}

} // namespace

Picture decodeGif(std::span<const std::uint8_t> file, const std::string& name,
                  const PictureRequest& request) {
    GifReader reader(file, name);
    static_cast<void>(reader.take(6)); // "GIF89a"
    const auto width = reader.number();
    const auto height = reader.number();
    checkImageSize(width, height, name);
    const auto flags = reader.byte();
    static_cast<void>(reader.take(2)); // background, form of the pixels
    const auto common = reader.colours(flags);
    int transparent = -1; // no colour is
    for (;;) {
        const auto kind = reader.byte();
        if (kind == 0x21) { // an extension
            const auto label = reader.byte();
            const auto data = reader.blocks();
            if (label == 0xF9 && data.size() >= 4)
                transparent = (data[0] & 1) != 0 ? data[3] : -1;
            continue;
        }
        if (kind != 0x2C)
            reader.fail();
        break;
    }
    const auto left = reader.number();
    const auto top = reader.number();
    const auto across = reader.number();
    const auto down = reader.number();
    const auto form = reader.byte();
    const auto own = reader.colours(form);
    const auto palette = own.empty() ? common : own;
    const int least = reader.byte();
    if (least < 2 || least > 8 || left + across > width || top + down > height)
        reader.fail();
    const auto data = reader.blocks();
    const auto pixels =
        GifCodes(data, least, reader).pixels(static_cast<std::size_t>(across * down));
    // Only now: a few bytes may promise a canvas of any size.
    std::vector<std::uint8_t> colours(static_cast<std::size_t>(width * height * 3), 255);
    auto pixel = pixels.begin();
    for (const auto y : gifRows(down, (form & 0x40) != 0))
        for (std::int64_t x = 0; x < across; ++x) {
            const std::size_t colour = *pixel++;
            if (static_cast<int>(colour) == transparent)
                continue;
            if (3 * colour + 2 >= palette.size())
                reader.fail();
            const auto to = static_cast<std::size_t>(((top + y) * width + left + x) * 3);
            for (std::size_t c = 0; c < 3; ++c)
                colours[to + c] = palette[3 * colour + c];
        }
    return pictureFromColours(width, height, std::move(colours), request.channels);
}

} // namespace gradwright
