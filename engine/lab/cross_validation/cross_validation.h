// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/kinds.h"

namespace gradwright {

/// Cross-validation: the samples are cut into folds, each of which is held out of one training and
/// judges it.
ExperimentKind crossValidationKind();

} // namespace gradwright
