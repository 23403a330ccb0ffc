// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/update_rule.h"
#include "engine/support/param.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// An optimizer: its one declaration for forms, files, options and the training itself.
struct OptimizerDef {
    std::string key;
    std::string title;
    std::string doc;
    ParamSpecs params;
    double defaultLearningRate;
    UpdateRule (*make)(const Params&); ///< for parameters that are valid
};

/// In the order in which lists show them.
const std::vector<OptimizerDef>& optimizers();
/// Throws Error naming the known keys.
const OptimizerDef& optimizer(std::string_view key);

} // namespace gradwright
