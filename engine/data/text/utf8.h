// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gradwright {

/// The length in bytes of the UTF-8 character that the text begins with, 0 when it is none.
std::size_t utf8Length(std::string_view text);

/// Throws Error naming the file and the line when the text is not UTF-8 or holds a zero byte.
void requireText(std::string_view text, const std::string& file);

} // namespace gradwright
