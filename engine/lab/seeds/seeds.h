// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/kinds.h"

namespace gradwright {

/// Luck of the seed: the same training several times, each with another seed, so that it is seen
/// how large a difference means something.
ExperimentKind seedsKind();

} // namespace gradwright
