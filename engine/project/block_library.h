// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/block_piece.h"

#include <filesystem>
#include <string>
#include <vector>

namespace gradwright {

/// A block that its user keeps for all projects, with what it contains.
struct SavedBlock {
    std::string name;
    BlockPiece piece;
};

/// Writes the block of the project to a file of its own in the folder, in the place of one that was
/// saved under the same name. Throws Error.
std::filesystem::path saveBlock(const std::filesystem::path& folder, const Project& project,
                                const std::string& name);
/// Throws Error naming the file and what is wrong.
SavedBlock loadBlock(const std::filesystem::path& file);

/// The blocks in the folder by name; files that cannot be read are left out.
std::vector<std::pair<std::string, std::filesystem::path>>
savedBlocks(const std::filesystem::path& folder);

} // namespace gradwright
