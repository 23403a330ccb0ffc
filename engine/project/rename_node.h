// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <string>
#include <string_view>

namespace gradwright {

/// Renames a node of the graph ("" is the main one); what an Output is trained for follows it.
ProjectEdit renameNode(const Project& project, std::string_view graph, NodeId id,
                       const std::string& name);

} // namespace gradwright
