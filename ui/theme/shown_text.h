// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <string>

namespace gradwright {

/// A value of a table as tables have it, without separators of thousands (a year stays 1974): with
/// `digits` significant digits, but never fewer than its whole part has: "0.25", "53112",
/// "1234567". With an exponent below 1e-4 and from 1e9, and with a real minus: it is for showing.
QString plainNumber(double value, int digits);

/// A character of a text as it can be seen and told: "space", "new line", "tab", "unknown", or
/// itself.
QString shownCharacter(const std::string& character);

} // namespace gradwright
