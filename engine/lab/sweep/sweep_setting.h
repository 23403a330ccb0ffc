// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

// Settings of a project by the keys that a search varies: those of --set ("learning_rate",
// "optimizer.beta1", "schedule.gamma", "loss.gamma", "data.noise", "augmentation.rotation"),
// "optimizer", "schedule" and "loss" for the recipe itself, and "layer.NAME.PARAM" for a layer's
// parameter, where a layer in a block is written "layer.BLOCK/NAME.PARAM".

/// What a setting may be. Throws Error naming the key and those that there are.
ParamSpec sweepSetting(const Project& project, std::string_view key);

/// Gives a setting the value that a text stands for. Another recipe comes with its defaults, an
/// optimizer with its learning rate. Throws Error naming the key, the rule and the text.
void setSweepSetting(Project& project, std::string_view key, std::string_view text);

/// Its present value as text.
std::string sweepSettingText(const Project& project, std::string_view key);

/// Keys of all settings that a search can vary, recipes first, layers last.
std::vector<std::string> sweepSettingKeys(const Project& project);

} // namespace gradwright
