// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace gradwright {

/// What the engine says of a data set names settings as the terminal does (data.dates=parts); here
/// in the words of the window's forms: "Dates: Split". What no setting has is left as it is.
std::string inFormWords(const std::string& text, const std::string& dataset);

} // namespace gradwright
