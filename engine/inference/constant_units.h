// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/data/dataset.h"
#include "engine/passes/inference/remove_units.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace gradwright {

/// The units of a trained network that are one and the same number for all of these samples at all
/// positions, such as those of a ReLU that has died, with what they are. Those that a padded layer
/// reads are taken only where they are 0, since zeros are put around them. `input` is fed with the
/// samples. Nothing when stopped.
std::optional<std::vector<UnitsToRemove>> constantUnits(const InferenceModel& model, ValueId input,
                                                        std::shared_ptr<const DataSource> samples,
                                                        std::vector<std::uint32_t> indices,
                                                        Precision precision = Precision::F32,
                                                        const std::stop_token& stop = {});

} // namespace gradwright
