// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/kinds.h"

namespace gradwright {

/// An ensemble: several trainings of a project, of other seeds, folds or moments, that answer
/// together; of folds also stacked with classical methods.
ExperimentKind ensembleKind();

} // namespace gradwright
