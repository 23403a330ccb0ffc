// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/text/utf8.h"

#include "engine/data/text/text_encoding.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace gradwright {

std::size_t utf8Length(std::string_view text) {
    if (text.empty())
        return 0;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto first = byte(0);
    if (first < 0x80)
        return 1;
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80)
            return 0;
    // Too long a form, a surrogate, or beyond the last character.
    const bool wrong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                       (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
    return wrong ? 0 : length;
}

namespace {

/// How many bytes at the beginning, in whole blocks of eight, are ASCII without a zero.
std::size_t plainLength(std::string_view text) {
    std::size_t length = 0;
    for (; length + sizeof(std::uint64_t) <= text.size(); length += sizeof(std::uint64_t)) {
        std::uint64_t block = 0;
        std::memcpy(&block, text.data() + length, sizeof block);
        constexpr std::uint64_t ones = 0x0101010101010101;
        constexpr std::uint64_t highest = 0x8080808080808080;
        // Subtracting 1 sets the highest bit of a zero byte.
        if (((block | (block - ones)) & highest) != 0)
            break;
    }
    return length;
}

} // namespace

std::optional<TextFault> faultIn(std::string_view text) {
    for (std::size_t at = plainLength(text); at < text.size(); at += plainLength(text.substr(at))) {
        const auto length = utf8Length(text.substr(at));
        if (length == 0 || text[at] == '\0')
            return TextFault{at, length != 0};
        at += length;
    }
    return {};
}

void failAt(const std::string& file, std::string_view text, const TextFault& fault,
            std::size_t linesBefore, std::size_t bytesBefore) {
    const auto line = 1 + linesBefore +
                      static_cast<std::size_t>(std::ranges::count(text.substr(0, fault.at), '\n'));
    const auto at = bytesBefore + fault.at;
    if (fault.isZero)
        throw NotUtf8("{}, line {}, byte {}: a zero byte; this is not text", file, line, at);
    throw NotUtf8("{}, line {}, byte {}: {:#04x} is not UTF-8; save the file as UTF-8", file, line,
                  at, static_cast<std::uint8_t>(text[fault.at]));
}

void requireText(std::string_view text, const std::string& file) {
    if (const auto fault = faultIn(text))
        failAt(file, text, *fault);
}

} // namespace gradwright
