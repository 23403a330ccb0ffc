// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/text/utf8.h"

#include "engine/support/error.h"

#include <algorithm>
#include <cstdint>

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

void requireText(std::string_view text, const std::string& file) {
    std::size_t line = 1;
    for (std::size_t at = 0; at < text.size();) {
        const auto length = utf8Length(text.substr(at));
        if (length == 0)
            throw Error("{}, line {}, byte {}: {:#04x} is not UTF-8; save the file as UTF-8", file,
                        line, at, static_cast<std::uint8_t>(text[at]));
        if (text[at] == '\0')
            throw Error("{}, line {}, byte {}: a zero byte; this is not text", file, line, at);
        line += text[at] == '\n' ? 1 : 0;
        at += length;
    }
}

} // namespace gradwright
