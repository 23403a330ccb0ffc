// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// How the learning rate changes during a training.
struct ScheduleDef {
    std::string key;
    std::string title;
    std::string doc;
    ParamSpecs params;
    /// What the learning rate is multiplied by at a moment counted in epochs, e.g. 2.5 in the
    /// middle of the third, of a training of `totalEpochs`.
    double (*factor)(const Params&, double epoch, double totalEpochs);
};

/// In the order in which lists show them.
const std::vector<ScheduleDef>& schedules();
/// Throws Error naming the known keys.
const ScheduleDef& schedule(std::string_view key);

} // namespace gradwright
