// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/kinds.h"

namespace gradwright {

/// Precision and layout: the same training in several precisions, and the orders in memory of the
/// network's convolutions.
ExperimentKind precisionKind();

} // namespace gradwright
