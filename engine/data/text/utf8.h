// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gradwright {

/// The length in bytes of the UTF-8 character that the text begins with, 0 when it is none.
std::size_t utf8Length(std::string_view text);

/// A byte that belongs to no text.
struct TextFault {
    std::size_t at = 0;  ///< bytes in front of it
    bool isZero = false; ///< else it is no UTF-8
};
/// The first one; nothing where all is text.
std::optional<TextFault> faultIn(std::string_view text);
/// Throws NotUtf8 naming the file and the line of a fault in a part of its text, with so many ends
/// of lines and bytes in front of the part.
[[noreturn]] void failAt(const std::string& file, std::string_view text, const TextFault& fault,
                         std::size_t linesBefore = 0, std::size_t bytesBefore = 0);

/// Throws NotUtf8 naming the file and the line when the text is not UTF-8 or holds a zero byte.
void requireText(std::string_view text, const std::string& file);

} // namespace gradwright
