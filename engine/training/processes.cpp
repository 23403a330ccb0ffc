// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/processes.h"

#include "engine/data/images/augmentation.h"

#include <utility>

namespace gradwright {
namespace {

constexpr std::string_view kWhere = "where";
constexpr std::string_view kHere = "here";

Params sharingOf(const TrainingSettings& settings) {
    return {trainingParams(), settings.params};
}

} // namespace

int processesOf(const TrainingSettings& settings) {
    const auto values = sharingOf(settings);
    return values.text(kWhere) == kHere ? 1 : static_cast<int>(values.integer("processes"));
}

TrainingSettings inOneProcess(TrainingSettings settings) {
    settings.params.insert_or_assign(std::string(kWhere), std::string(kHere));
    return settings;
}

std::string whyNotShared(const TrainingSettings& settings, const DataChoice& data) {
    if (processesOf(settings) == 1)
        return {};
    if (settings.target().isGpu())
        return fmt::format("Several processes share a training on processors only, and the device "
                           "is {}: set the device to CPU, or train on this computer in one "
                           "process.",
                           settings.target().device);
    if (Params(augmentationParams(), data.augmentation).real("mixup") > 0)
        return "MixUp mixes samples of one batch, which several processes share: set MixUp to 0, "
               "or train in one process.";
    return {};
}

} // namespace gradwright
