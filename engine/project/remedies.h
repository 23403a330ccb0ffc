// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "engine/project/project.h"
#include "engine/training/alarm.h"

#include <optional>

namespace gradwright {

/// An alarm of a training as a warning about the project that was trained, at the layer that it is
/// about, with its remedy as a fix: an edit like any other. `analysis` is that of the project's
/// network. Nothing where the alarm is gone, the layer is no longer there, or the project has the
/// remedy already.
std::optional<Diagnostic> diagnosticOf(const Alarm& alarm, const Project& project,
                                       const Analysis& analysis);

} // namespace gradwright
