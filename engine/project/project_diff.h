// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <string>
#include <vector>

namespace gradwright {

/// What turned one state of a project into a later one, a line each as people read it: "dense3
/// added", "conv1: Kernel 3×3, was 5×5", "Training settings changed". Empty when nothing did.
std::vector<std::string> describeChanges(const Project& before, const Project& after);

} // namespace gradwright
