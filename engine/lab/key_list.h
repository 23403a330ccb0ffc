// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// The keys of a text with commas between them, without spaces and without empty ones.
std::vector<std::string> keyList(std::string_view text);

} // namespace gradwright
