// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string_view>

// Names that a program in Python cannot give to what it defines.

namespace gradwright::code {

/// Python's keywords.
std::span<const std::string_view> pythonKeywords();
/// What a child of an nn.Module cannot be called: the module's own members, and those of the
/// module that torch.export makes of it. tests/app/exported_code.py asks torch for them.
std::span<const std::string_view> torchModuleMembers();

bool isPythonKeyword(std::string_view name);
/// Whether neither an attribute of an nn.ParameterDict can have the name nor Python code that
/// torch.export writes.
bool isTakenInParameterDict(std::string_view name);

} // namespace gradwright::code
