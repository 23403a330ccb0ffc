// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "ui/canvas/looks.h"

#include <string>

namespace gradwright {

/// The ports and size of a node of the graph of that name, and what an expanded block shows of
/// itself.
NodeForm formOf(const Project& project, const std::string& graph, NodeId id);

/// Nullptr for a block, and for a layer that is not known.
const LayerDef* layerOf(const Node& node);
/// The icon of a node, and what it is called by its layer or block.
QString iconOf(const Node& node);
QString titleOf(const Node& node);

} // namespace gradwright
