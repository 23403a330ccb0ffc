// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/training/settings.h"

#include <string>

namespace gradwright {

/// How many processes of this computer share a training, as its settings say; 1: it is not shared.
int processesOf(const TrainingSettings& settings);

/// The same settings for a training that is not shared.
TrainingSettings inOneProcess(TrainingSettings settings);

/// Why processes cannot share a training that its settings want to be shared: a sentence that says
/// what would be right. Empty where they can, and where it is not to be shared.
std::string whyNotShared(const TrainingSettings& settings, const DataChoice& data);

} // namespace gradwright
