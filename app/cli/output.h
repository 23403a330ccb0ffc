// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json_fwd.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gradwright::cli {

/// Prints the one JSON document of a command. Throws Error when standard output takes no more.
void printJson(const Json& json);
/// Prints a line on standard output.
void printLine(const std::string& line);

/// "61,706".
std::string grouped(std::int64_t number);
/// "1 layer", "61,706 samples"; `many` where that is not `one` with an s: "class", "classes".
std::string groupedCount(std::int64_t count, std::string_view one, std::string_view many = {});
/// "1 min 58 s".
std::string durationText(double seconds);
/// How many columns a UTF-8 text takes, each code point one.
std::size_t columnsOf(std::string_view text);
/// Padded with spaces to so many columns.
std::string padded(std::string_view text, std::size_t columns);

} // namespace gradwright::cli
