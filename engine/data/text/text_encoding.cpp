// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/text/text_encoding.h"

#include "engine/data/byte_reader.h"
#include "engine/data/text/utf8.h"

#include <algorithm>
#include <span>

namespace gradwright {
namespace {

constexpr std::uint32_t kMark = 0xFEFF; // the byte order mark

/// What 0x80 to 0x9F are in Windows-1252 (unicode.org, CP1252.TXT); 0 for those that are nothing.
constexpr std::array<std::uint16_t, 32> kWestern = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

bool isLower(std::uint8_t byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 0xDF && byte != 0xF7);
}
bool isAsciiLetter(std::uint8_t byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}
/// The letters of Windows-1252 beyond ASCII. "ÿ" is rather a byte of something else.
bool isHighUpper(std::uint8_t byte) {
    return byte == 0x8A || byte == 0x8C || byte == 0x8E || byte == 0x9F ||
           (byte >= 0xC0 && byte <= 0xDE && byte != 0xD7);
}
bool isHighLetter(std::uint8_t byte) {
    return isHighUpper(byte) || byte == 0x9A || byte == 0x9C || byte == 0x9E ||
           (byte >= 0xDF && byte != 0xF7 && byte != 0xFF);
}
/// Signs that stand between letters: … ’ – — ´ ·, a hard blank and a soft hyphen.
bool joinsLetters(std::uint8_t byte) {
    constexpr std::string_view kJoining = "\x85\x92\x96\x97\xA0\xAD\xB4\xB7";
    return kJoining.find(static_cast<char>(byte)) != std::string_view::npos;
}
/// Signs that do not stand side by side, as quotes and points do: "£" to "¾".
bool isSign(std::uint8_t byte) {
    return byte >= 0xA2 && byte <= 0xBE && byte != 0xAB && byte != 0xBB && !joinsLetters(byte);
}
/// Controls that no text has; a text of DOS may end with 0x1A.
bool isControl(std::uint8_t byte) {
    return byte == 0x7F || byte < '\t' || byte == '\v' || (byte > '\r' && byte < ' ');
}

void appendUtf8(std::uint32_t character, std::string& out) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (character < 0x80) {
        put(character);
    } else if (character < 0x800) {
        put(0xC0 | (character >> 6));
        put(0x80 | (character & 0x3F));
    } else if (character < 0x10000) {
        put(0xE0 | (character >> 12));
        put(0x80 | ((character >> 6) & 0x3F));
        put(0x80 | (character & 0x3F));
    } else {
        put(0xF0 | (character >> 18));
        put(0x80 | ((character >> 12) & 0x3F));
        put(0x80 | ((character >> 6) & 0x3F));
        put(0x80 | (character & 0x3F));
    }
}

} // namespace

std::string_view nameOf(TextEncoding encoding) {
    switch (encoding) {
    case TextEncoding::Utf8:
        return "UTF-8";
    case TextEncoding::Utf16Little:
    case TextEncoding::Utf16Big:
        return "UTF-16";
    default:
        return "Windows-1252";
    }
}

std::string encodingNote(TextEncoding encoding) {
    return fmt::format("the text is read as {}, which all of its bytes fit; it is no UTF-8",
                       nameOf(encoding));
}

// ---- evidence

void EncodingEvidence::add(std::string_view bytes) {
    for (const char each : bytes)
        addByte(static_cast<std::uint8_t>(each));
}

void EncodingEvidence::addByte(std::uint8_t byte) {
    if (size_ < first_.size())
        first_[size_] = byte;
    const auto place = size_ % 2;
    ++size_;
    zeros_[place] += byte == 0 ? 1 : 0;
    // UTF-8
    if (!open_.empty() || byte >= 0x80) {
        if (!open_.empty() && (byte & 0xC0) != 0x80)
            endSequence();
        if (byte >= 0x80) {
            open_ += static_cast<char>(byte);
            if (const auto length = utf8Length(open_); length != 0) {
                ++sequences_;
                open_.clear();
            } else if (open_.size() == 4) {
                endSequence();
            }
        }
    }
    // UTF-16
    if (place == 1)
        for (const std::size_t big : {0U, 1U}) {
            const auto unit =
                big == 1 ? (std::uint32_t{half_} << 8) | byte : (std::uint32_t{byte} << 8) | half_;
            const bool isLow = unit >= 0xDC00 && unit < 0xE000;
            if (isLow != isAfterHigh_[big] || unit == 0 || unit == 0xFFFE || unit == 0xFFFF ||
                (unit < 0x80 && isControl(static_cast<std::uint8_t>(unit))))
                isNo16_[big] = true;
            isAfterHigh_[big] = unit >= 0xD800 && unit < 0xDC00;
        }
    half_ = byte;
    // Windows-1252
    judgeWestern(last_[0], last_[1], byte);
    last_ = {last_[1], byte};
}

/// What is open begins no character of UTF-8.
void EncodingEvidence::endSequence() {
    broken_ += open_.size();
    open_.clear();
}

/// Looks at a byte between two others; 0 stands for the ends of the text.
void EncodingEvidence::judgeWestern(std::uint8_t before, std::uint8_t byte, std::uint8_t behind) {
    if (byte < 0x80) {
        isNoWestern_ = isNoWestern_ || (byte != 0 && isControl(byte));
        run_ = 0;
        return;
    }
    ++high_;
    if (byte < 0xA0 && kWestern[byte - 0x80] == 0)
        isNoWestern_ = true;
    if (run_ == 0)
        runHasWord_ = isAsciiLetter(before);
    ++run_;
    const bool isBetween = (isAsciiLetter(before) || isHighLetter(before)) &&
                           (isAsciiLetter(behind) || isHighLetter(behind));
    // "MŸnchen" and "Stra§e" are of a Mac, "M„rz" is of DOS, "ma³y" Polish, and runs of such bytes
    // are Cyrillic or Chinese.
    const bool isInRun = run_ >= 2 && !runHasWord_ && !isAsciiLetter(behind);
    const bool isForeign =
        isHighLetter(byte)
            ? (isHighUpper(byte) && isAsciiLetter(before) && isLower(before)) || run_ >= 3 ||
                  isInRun
            : byte == 0xFF || (isBetween && !joinsLetters(byte)) || (isInRun && isSign(byte));
    if (isForeign)
        foreign_ += isInRun && run_ == 2 ? 2 : 1;
}

std::optional<TextEncoding> EncodingEvidence::utf16() const {
    const auto units = size_ / 2;
    if (size_ % 2 != 0 || units < 2)
        return {};
    const bool isLittleMark = first_[0] == 0xFF && first_[1] == 0xFE;
    const bool isBigMark = first_[0] == 0xFE && first_[1] == 0xFF;
    // Without a mark, digits, blanks and most letters show it: their upper byte is 0.
    const auto shows = [&](std::size_t upper) {
        return zeros_[1 - upper] == 0 && 2 * zeros_[upper] > units;
    };
    if ((isLittleMark || shows(1)) && !isNo16_[0] && !isAfterHigh_[0])
        return TextEncoding::Utf16Little;
    if ((isBigMark || shows(0)) && !isNo16_[1] && !isAfterHigh_[1])
        return TextEncoding::Utf16Big;
    return {};
}

void EncodingEvidence::end(bool isCut) {
    judgeWestern(last_[0], last_[1], 0);
    if (isCut) {
        size_ -= size_ % 2;
        isAfterHigh_ = {};
    } else {
        endSequence();
    }
}

std::optional<TextEncoding> EncodingEvidence::encoding(bool isCut) const {
    auto all = *this;
    all.end(isCut);
    return all.decided();
}

std::optional<TextEncoding> EncodingEvidence::decided() const {
    if (zeros_[0] + zeros_[1] > 0 || (first_[0] >= 0xFE && first_[1] >= 0xFE))
        return utf16();
    if (broken_ == 0)
        return TextEncoding::Utf8;
    // In western texts two bytes seldom look like a character of UTF-8.
    if (isNoWestern_ || 4 * foreign_ > high_ || 4 * sequences_ > broken_)
        return {};
    return TextEncoding::Windows1252;
}

std::optional<TextEncoding> encodingOf(const std::filesystem::path& path) {
    constexpr std::size_t kPart = std::size_t{1} << 20;
    ByteReader reader(path);
    EncodingEvidence evidence;
    std::string part(kPart, '\0');
    for (std::size_t got = kPart; got == kPart;) {
        got = reader.read(std::span(reinterpret_cast<std::uint8_t*>(part.data()), part.size()));
        evidence.add(std::string_view(part).substr(0, got));
    }
    return evidence.encoding();
}

// ---- decoding

void Utf8Maker::add(std::string_view bytes, std::string& out) {
    if (from_ == TextEncoding::Utf8) {
        out += bytes;
        return;
    }
    for (const char each : bytes) {
        const auto byte = static_cast<std::uint8_t>(each);
        if (from_ == TextEncoding::Windows1252) {
            appendUtf8(byte >= 0x80 && byte < 0xA0 ? kWestern[byte - 0x80] : byte, out);
        } else if (!half_) {
            half_ = byte;
        } else {
            const std::uint32_t first = *half_;
            half_.reset();
            addUnit(from_ == TextEncoding::Utf16Big ? (first << 8) | byte
                                                    : (std::uint32_t{byte} << 8) | first,
                    out);
        }
    }
}

void Utf8Maker::addUnit(std::uint32_t unit, std::string& out) {
    const bool isFirst = !hasBegun_;
    hasBegun_ = true;
    if (isFirst && unit == kMark)
        return;
    if (unit >= 0xD800 && unit < 0xDC00) {
        high_ = unit;
    } else if (high_ != 0) {
        appendUtf8(0x10000 + ((high_ - 0xD800) << 10) + (unit - 0xDC00), out);
        high_ = 0;
    } else {
        appendUtf8(unit, out);
    }
}

std::string inUtf8(std::string text, std::vector<std::string>* notes) {
    if (!faultIn(text))
        return text;
    EncodingEvidence evidence;
    evidence.add(text);
    const auto encoding = evidence.encoding();
    if (!encoding || *encoding == TextEncoding::Utf8)
        return text;
    std::string result;
    result.reserve(text.size() + text.size() / 4);
    Utf8Maker(*encoding).add(text, result);
    if (notes)
        notes->push_back(encodingNote(*encoding));
    return result;
}

} // namespace gradwright
