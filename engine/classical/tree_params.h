// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/tree.h"
#include "engine/support/param.h"

#include <string>

namespace gradwright {

// "depth" and "leaf", which all methods made of trees have.
ParamSpec treeDepthParam(std::int64_t defaultValue);
ParamSpec treeLeafParam();
TreeLimits treeLimits(const Params& params);

inline constexpr std::int64_t kMostTrees = 100000;
/// What a tree is called among the parts of a model.
inline std::string treeName(std::size_t number) {
    return "tree" + std::to_string(number);
}

} // namespace gradwright
