// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "engine/project/project.h"

namespace gradwright {

/// Gives each remark on an input without a link the fix that links it: with an output that fits by
/// its shape, one that feeds nothing yet before others, and of these the nearest on the canvas
/// before it along the flow.
void addLinkFixes(const Project& project, Analysis& analysis);

} // namespace gradwright
