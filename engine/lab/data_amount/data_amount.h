// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/kinds.h"

namespace gradwright {

/// How much data: network and classical methods on growing shares of the training samples, and the
/// speed of the training by the number of threads.
ExperimentKind dataAmountKind();

} // namespace gradwright
