// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What gestures on the canvas mean, as edits of the graph that is shown.
namespace gradwright {

inline constexpr auto kMainGraph = "";

// What can be added is named by a key: a layer's, or one of a block.
inline constexpr std::string_view kBlockKey = "block:"; ///< and the name of one of the project's
inline constexpr std::string_view kSavedKey = "saved:"; ///< and the file of one of "My blocks"

/// The title of what a key stands for.
std::string titleOfKey(std::string_view key);

/// New nodes, with the edit that adds them.
struct Addition {
    ProjectEdit edit;
    std::vector<NodeId> nodes;
};

/// A node of the layer or block at the place; between the ends of `into`, or else behind `after`,
/// when given. Throws Error for a key that stands for nothing, and for a block within itself.
Addition addLayer(const Project& project, const std::string& graph, std::string_view key, Point at,
                  std::optional<LinkId> into = {}, std::optional<NodeId> after = {});

/// The same, linked with a port: behind an output, before an input.
Addition addLinkedLayer(const Project& project, const std::string& graph, std::string_view key,
                        Point at, PortRef port, bool portIsInput);

ProjectEdit addLink(const Project& project, const std::string& graph, PortRef from, PortRef to,
                    std::optional<LinkId> replaced = {});

/// Removes links, and nodes with their links and positions.
ProjectEdit removeItems(const Project& project, const std::string& graph,
                        std::span<const NodeId> nodes, std::span<const LinkId> links);

/// Takes the nodes out of what runs through them: what fed them feeds what they fed. Nothing when
/// no link, or more than one, enters them, or none leaves.
std::optional<NetworkEdit> closeGap(const Project& project, const std::string& graph,
                                    std::span<const NodeId> nodes);

/// Whether a node that is there could stand in the link: it is linked to nothing, or would be taken
/// out of its links first.
bool fitsInto(const Project& project, const std::string& graph, NodeId node, LinkId link,
              bool takenOut = false);
NetworkEdit insertNode(const Project& project, const std::string& graph, NodeId node, LinkId link);

} // namespace gradwright
