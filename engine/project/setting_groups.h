// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Settings that are written with the same beginning, and where their values are.
struct SettingGroup {
    std::string prefix; ///< "optimizer.", or nothing
    ParamSpecs specs;
    std::vector<ParamValues*> values; ///< where the values are written
};

/// The settings of a training and its data by their keys: "learning_rate", "optimizer.beta1",
/// "schedule.gamma", "augmentation.rotation", "data.noise" and "loss.gamma", of which there is a
/// group for each objective. The groups point into both.
std::vector<SettingGroup> settingGroups(TrainingSettings& training, DataChoice& data);

/// The value that a text stands for. Throws Error that begins with `name`, with the rule where the
/// setting cannot have it.
ParamValue settingFromText(const ParamSpec& spec, std::string_view text, std::string_view name);

} // namespace gradwright
