// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/tree.h"
#include "engine/support/param.h"

namespace gradwright {

// "depth" and "leaf", which all methods made of trees have.
ParamSpec treeDepthParam(std::int64_t defaultValue);
ParamSpec treeLeafParam();
TreeLimits treeLimits(const Params& params);

} // namespace gradwright
