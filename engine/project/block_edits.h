// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <string>
#include <string_view>
#include <vector>

// Edits of blocks, with what the canvas shows of them.
namespace gradwright {

/// An edit and the nodes that stand on the canvas because of it.
struct BlockChange {
    ProjectEdit edit;
    std::vector<NodeId> nodes;
};

/// Makes a block of the nodes, with an instance in their middle; `at` holds where the nodes stand.
/// Throws Error with the reason when they cannot be one.
BlockChange groupIntoBlock(const Project& project, std::string_view graph,
                           const std::map<NodeId, Point>& at, const std::string& block);

/// Puts what is in the block in the place of its instance, whose top left corner is `at`; one
/// repetition below the other.
BlockChange ungroupBlock(const Project& project, std::string_view graph, NodeId instance, Point at);

/// The block's canvas goes along.
ProjectEdit renameBlock(const Project& project, const std::string& from, const std::string& to);
/// No instance may be left.
ProjectEdit removeBlock(const Project& project, const std::string& name);

/// Lets the instance use a copy of its block of its own, so that others stay as they are.
BlockChange makeUnique(const Project& project, std::string_view graph, NodeId instance);

} // namespace gradwright
