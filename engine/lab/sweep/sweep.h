// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/kinds.h"

namespace gradwright {

/// Sweep: many trainings, each with other settings, to find those that are best.
ExperimentKind sweepKind();

} // namespace gradwright
