// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace gradwright {

std::string_view trimmed(std::string_view text);

/// Whether a table's cell says that there is no value: empty, "?", "-", "NA", "N/A", "NaN", "null",
/// "none" in any case.
bool isMissing(std::string_view cell);

/// A finite number, nothing for other text. Where semicolons separate the cells, 1,5 is a number
/// too, as most of Europe writes it.
std::optional<double> numberOf(std::string_view cell, char delimiter);

} // namespace gradwright
