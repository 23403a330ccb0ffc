// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gradwright {

std::string_view trimmed(std::string_view text);
/// A to Z as a to z; other letters stay.
std::string lowerCased(std::string_view text);

/// Whether a cell says in whatever column that there is no value: empty, "?", "NaN", ".", "..",
/// "\N", "#N/A", "<NA>" and their like, in any case.
bool isMissingSign(std::string_view cell);
/// Whether a cell is a word that may say so, or may be a value of its own: "-", "NA", "N/A",
/// "null", "none", "nil", in any case.
bool isMissingWord(std::string_view cell);
/// Whether a cell says in a column of numbers that there is no value: a sign or a word.
bool isMissing(std::string_view cell);

/// A finite number, nothing for other text. Where semicolons separate the cells, 1,5 is a number
/// too, as most of Europe writes it.
std::optional<double> numberOf(std::string_view cell, char delimiter);

/// Equal for cells that mean the same label: as numbers (0, 0.0, 00) or as truth values (true,
/// TRUE). Other texts are equal to themselves only.
std::string labelKey(std::string_view cell);

} // namespace gradwright
