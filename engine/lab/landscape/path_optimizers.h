// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/settings.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// An optimizer whose path is drawn.
struct PathOptimizer {
    std::string name; ///< as it was written: "sgd:momentum=0"
    Recipe optimizer;
    std::optional<double> learningRate; ///< nothing: the project's
};

/// Reads "adam,sgd:momentum=0:learning_rate=0.1". Throws Error naming what is wrong.
std::vector<PathOptimizer> pathOptimizers(std::string_view text);

} // namespace gradwright
