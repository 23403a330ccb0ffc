// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/kinds.h"

namespace gradwright {

/// Classical baselines: what other methods make of the same samples as the network.
ExperimentKind baselinesKind();

} // namespace gradwright
