// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/setting_groups.h"

#include "engine/data/catalog.h"
#include "engine/data/images/augmentation.h"
#include "engine/support/error.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/schedules.h"

#include <optional>

namespace gradwright {

std::vector<SettingGroup> settingGroups(TrainingSettings& training, DataChoice& data) {
    std::vector<SettingGroup> groups = {
        {"", trainingParams(), {&training.params}},
        {"optimizer.", optimizer(training.optimizer.key).params, {&training.optimizer.params}},
        {"schedule.", schedule(training.schedule.key).params, {&training.schedule.params}},
        {"augmentation.", augmentationParams(), {&data.augmentation}},
        {"data.", dataset(data.dataset).params, {&data.params}}};
    for (auto& objective : training.objectives)
        groups.push_back({"loss.", loss(objective.loss.key).params, {&objective.loss.params}});
    return groups;
}

ParamValue settingFromText(const ParamSpec& spec, std::string_view text, std::string_view name) {
    std::optional<std::string> why;
    ParamValue value;
    try {
        value = paramFromText(spec, text);
        why = whyInvalid(spec, value);
    } catch (const Error& error) {
        why = error.what();
    }
    if (why)
        throw Error("{}: {}", name, *why);
    return value;
}

} // namespace gradwright
