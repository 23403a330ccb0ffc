// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string_view>

namespace gradwright {

/// The file or folder that ships with the program under this relative path, e.g. "datasets/mnist".
/// The first that exists of: $GRADWRIGHT_RESOURCES, share/gradwright beside the program's bin, and
/// the source tree that the program was built from. Throws Error naming the places searched.
std::filesystem::path resourcePath(std::string_view relative);

/// The folder of the running program; empty where the system does not say.
std::filesystem::path programFolder();

} // namespace gradwright
