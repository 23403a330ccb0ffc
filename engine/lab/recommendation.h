// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/procedure.h"
#include "engine/project/project.h"

namespace gradwright {

/// What a recommendation makes of a project, as one edit. Throws Error, naming the setting, where
/// the project has changed so that one of them is none of it any more.
ProjectEdit editOf(const Project& project, const Recommendation& recommendation);

} // namespace gradwright
