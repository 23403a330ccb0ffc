// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace gradwright {

/// The most characters in a line of the programs that are written.
inline constexpr std::size_t kPythonColumns = 100;

/// A program in Python whose longer lines are continued on others: inside the longest brackets of a
/// statement, before operators, and between the words of a docstring that began on the line. What
/// has no such place stays as it is.
std::string wrappedPython(std::string_view program);

/// Whether the program takes something from the module: "F" in "F.relu(x)", not in "self.F.x".
bool usesModule(std::string_view program, std::string_view module);

} // namespace gradwright
