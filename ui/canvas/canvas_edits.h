// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What gestures on the canvas mean, as edits of the main graph.
namespace gradwright {

inline constexpr auto kMainGraph = "";

/// New nodes, with the edit that adds them.
struct Addition {
    ProjectEdit edit;
    std::vector<NodeId> nodes;
};

/// A node of the layer at the place; between the ends of `into`, or else behind `after`, when
/// given. Throws Error for a layer that is not in the catalog.
Addition addLayer(const Project& project, std::string_view layer, Point at,
                  std::optional<LinkId> into = {}, std::optional<NodeId> after = {});

/// The same, linked with a port: behind an output, before an input.
Addition addLinkedLayer(const Project& project, std::string_view layer, Point at, PortRef port,
                        bool portIsInput);

ProjectEdit addLink(const Project& project, PortRef from, PortRef to,
                    std::optional<LinkId> replaced = {});

/// Removes links, and nodes with their links and positions.
ProjectEdit removeItems(const Project& project, std::span<const NodeId> nodes,
                        std::span<const LinkId> links);

/// The nodes, the links among them and their positions, as JSON.
std::string copyNodes(const Project& project, std::span<const NodeId> nodes);
/// Adds what copyNodes() wrote, moved by `offset`, under new names. Throws Error when the text is
/// something else.
Addition pasteNodes(const Project& project, std::string_view text, Point offset);

} // namespace gradwright
