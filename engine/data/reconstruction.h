// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

namespace gradwright {

/// The same samples, each with its own input as its target values, and without classes.
Dataset asReconstruction(Dataset dataset);

} // namespace gradwright
