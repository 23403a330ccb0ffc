// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/table_reading.h"

#include <optional>
#include <string>
#include <string_view>

namespace gradwright {

std::string_view trimmed(std::string_view text);
/// A to Z as a to z; other letters stay.
std::string lowerCased(std::string_view text);

/// Whether a cell says in whatever column that there is no value: empty, "?", "NaN", ".", "..",
/// "\N", "#N/A", "<NA>", Excel's errors and their like, in any case, and blanks beyond ASCII.
/// `rules`: those of the table, see kTableRules.
bool isMissingSign(std::string_view cell, int rules = kTableRules);
/// Whether a cell is a word that may say so, or may be a value of its own: "-", "NA", "N/A",
/// "null", "none", "nil", in any case, and longer dashes.
bool isMissingWord(std::string_view cell, int rules = kTableRules);
/// Whether a cell says in a column of numbers that there is no value: a sign or a word.
bool isMissing(std::string_view cell);

/// A finite number, nothing for other text. Where semicolons separate the cells, 1,5 is a number
/// too, as most of Europe writes it.
std::optional<double> numberOf(std::string_view cell, char delimiter);

/// Equal for cells that mean the same label: as numbers (0, 0.0, 00), exactly, however many digits
/// they have, as truth values (true, TRUE), or but for blanks at their ends, also those beyond
/// ASCII. Other texts are equal to themselves only.
std::string labelKey(std::string_view cell, int rules = kTableRules);

/// Equal for texts that differ in case alone: Latin letters with and without accents of the Latin-1
/// range, Greek and Cyrillic ones become small, other letters stay.
std::string foldedCase(std::string_view text);

/// The hours of a time of day, 12.25 of "12:15": hours and minutes, and seconds where they are
/// given, with AM or PM behind them or without. Nothing for other text and for hours beyond 23.
std::optional<double> hoursOf(std::string_view cell);

} // namespace gradwright
