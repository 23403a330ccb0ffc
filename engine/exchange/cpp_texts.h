// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/activation.h"

#include <string>

namespace gradwright {

/// A text as a literal of C++: what is not printable ASCII as octal numbers.
std::string cppText(const std::string& text);
/// A line of a comment: nothing in a name ends or continues it.
std::string commentText(std::string text);
/// As a double of C++, exactly.
std::string cppNumber(double value);
/// A function of a double.
std::string activationLambda(const Activation& activation);

} // namespace gradwright
