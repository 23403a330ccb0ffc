// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_codecs.h"
#include "engine/support/error.h"

namespace gradwright {
namespace {

class PnmReader {
public:
    PnmReader(std::span<const std::uint8_t> file, const std::string& name)
        : file_(file)
        , name_(name) {
        at_ = 2; // behind "P6"
    }

    /// The next number written in digits; comments run from # to the end of the line.
    std::int64_t number() {
        skipBlanks();
        std::int64_t value = 0;
        const auto begin = at_;
        constexpr std::int64_t kMost = 1'000'000;
        while (at_ < file_.size() && file_[at_] >= '0' && file_[at_] <= '9' && value < kMost)
            value = 10 * value + (file_[at_++] - '0');
        if (at_ == begin)
            fail();
        return value;
    }
    /// P1 needs no blanks between its digits.
    std::int64_t bit() {
        skipBlanks();
        if (at_ >= file_.size() || (file_[at_] != '0' && file_[at_] != '1'))
            fail();
        return file_[at_++] - '0';
    }
    /// The next byte, as it is.
    std::uint8_t byte() {
        if (at_ >= file_.size())
            fail();
        return file_[at_++];
    }

private:
    void skipBlanks() {
        for (; at_ < file_.size(); ++at_) {
            if (file_[at_] == '#')
                while (at_ + 1 < file_.size() && file_[at_] != '\n')
                    ++at_;
            else if (file_[at_] != ' ' && (file_[at_] < '\t' || file_[at_] > '\r'))
                return;
        }
    }
    [[noreturn]] void fail() const {
        throw Error("{}: this PNM image is broken or cut short", name_);
    }

    std::span<const std::uint8_t> file_;
    const std::string& name_;
    std::size_t at_ = 0;
};

} // namespace

Picture decodePnm(std::span<const std::uint8_t> file, const std::string& name,
                  const PictureRequest& request) {
    const int kind = file.size() < 2 ? 0 : file[1] - '0';
    if (kind < 1 || kind > 6)
        throw Error("{}: this PNM image is broken or cut short", name);
    const bool isBits = kind == 1 || kind == 4;
    const bool isColour = kind == 3 || kind == 6;
    const bool isText = kind <= 3;
    PnmReader reader(file, name);
    const auto width = reader.number();
    const auto height = reader.number();
    const auto most = isBits ? 1 : reader.number();
    checkImageSize(width, height, name);
    constexpr std::int64_t kMostValue = 65'535;
    if (most < 1 || most > kMostValue)
        throw Error("{}: the largest value of a PNM image is 1 to {}, not {}", name, kMostValue,
                    most);
    if (!isText)
        static_cast<void>(reader.byte()); // one blank
    const auto value = [&] {
        if (isText)
            return reader.number();
        std::int64_t number = reader.byte();
        if (most > 255)
            number = 256 * number + reader.byte();
        return number;
    };
    std::vector<std::uint8_t> colours;
    colours.reserve(static_cast<std::size_t>(width * height * 3));
    for (std::int64_t y = 0; y < height; ++y) {
        int bits = 0;
        for (std::int64_t x = 0; x < width; ++x)
            for (int c = 0; c < 3; ++c) {
                if (c > 0 && !isColour) {
                    colours.push_back(colours.back());
                    continue;
                }
                if (isBits) { // 1 is black
                    if (!isText && x % 8 == 0)
                        bits = reader.byte();
                    const bool isBlack = isText ? reader.bit() == 1 : (bits >> (7 - x % 8)) & 1;
                    colours.push_back(isBlack ? 0 : 255);
                    continue;
                }
                colours.push_back(
                    static_cast<std::uint8_t>((std::min(value(), most) * 255 + most / 2) / most));
            }
    }
    return pictureFromColours(width, height, std::move(colours), request.channels);
}

} // namespace gradwright
