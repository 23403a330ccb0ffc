// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/table.h"
#include "engine/support/param.h"

namespace gradwright {

/// target, task, ignore, categorical, missing, normalize, scale_target, test_fraction.
ParamSpecs tableParams();
TableOptions tableOptionsOf(const Params& params);

/// The share of samples that is held back where a data set brings none to test with.
ParamSpec testFractionParam(double defaultValue = 0.2);

} // namespace gradwright
