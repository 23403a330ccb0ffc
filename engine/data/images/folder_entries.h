// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace gradwright {

/// What a folder holds, sorted by name, without what is passed over: names that begin with a point
/// and "__MACOSX"; adds the hidden images among that to `hidden`. `asBefore`: without links, as
/// before they could be followed. Throws Error where it cannot be read.
std::vector<std::filesystem::directory_entry>
entriesOf(const std::filesystem::path& folder, bool asBefore, std::size_t* hidden = nullptr);

/// The names of the folders in it. Throws Error where it is no folder.
std::vector<std::string> subfolders(const std::filesystem::path& root, bool asBefore);

/// How many images lie beside the folders in it.
std::size_t imagesBeside(const std::filesystem::path& root);

} // namespace gradwright
