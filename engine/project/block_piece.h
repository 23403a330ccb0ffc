// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <map>
#include <set>
#include <string>

namespace gradwright {

/// Blocks that are carried from one project to another, with what they contain at any depth and how
/// they are drawn.
struct BlockPiece {
    std::map<std::string, BlockDefinition, std::less<>> blocks;
    Canvas canvas; ///< of their graphs
    bool operator==(const BlockPiece&) const = default;
};

/// The blocks of those names and what they contain. Names without a block are left out.
BlockPiece takeBlocks(const Project& project, const std::set<std::string>& names);

Json toJson(const BlockPiece& piece);
/// Throws Error naming what is wrong.
BlockPiece blockPieceFromJson(const Json& json);

struct BlockImport {
    ProjectEdit edit;
    /// What each is called in the project: an equal block is used as it is, another one of the same
    /// name leaves the new one a new name.
    std::map<std::string, std::string, std::less<>> names;
};
BlockImport importBlocks(const Project& project, const BlockPiece& piece);

} // namespace gradwright
