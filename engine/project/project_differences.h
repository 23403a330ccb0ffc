// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <string>
#include <vector>

namespace gradwright {

/// One way in which two projects differ.
struct ProjectDifference {
    enum class Area { Network, Training, Data };
    Area area = Area::Network;
    std::string what;   ///< "conv1: Kernel", "Learning rate", "relu1 → pool1"
    std::string first;  ///< "5×5"; empty where the first project has nothing of the kind
    std::string second; ///< the same of the second one
    bool operator==(const ProjectDifference&) const = default;
};

/// What two projects differ in as far as it decides what is trained, on what and how: layers, their
/// parameters and links, blocks, training settings and data, in this order. Nodes are the same
/// where they have the same id, as those of one project at two times have. Values that are left
/// open count as their defaults. Names, texts and the canvas are left out.
std::vector<ProjectDifference> differencesOf(const Project& first, const Project& second);

} // namespace gradwright
