// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

namespace gradwright {

/// Looks at files, several at a time, and says what is wrong with each; nothing where it is an
/// image that can be used. Sets of up to 64 MB are decoded; of more, the beginning and the end of
/// each file is looked at.
std::map<std::string, std::optional<std::string>> pictureFaults(std::span<const std::string> files);

} // namespace gradwright
