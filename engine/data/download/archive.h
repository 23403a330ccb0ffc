// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gradwright {

/// Takes files out of an archive (.zip, .tar, .tar.gz; told apart by content) by their names
/// without folders, and puts them into a folder. Throws Error naming the archive when it is damaged
/// or lacks one of them.
void takeFromArchive(const std::filesystem::path& archive, const std::vector<std::string>& names,
                     const std::filesystem::path& folder);

} // namespace gradwright
