// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/program_cache.h"
#include "engine/training/objective.h"

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

namespace gradwright {

/// Gives the values that a training rounds (addFakeQuantization()) their scales and zero points: of
/// the smallest and the largest number that each has over the samples, computed without rounding by
/// the weights of `programs`, into which they are written. `training` is the whole training.
/// Returns how many values there are; nothing when stopped. Throws Error where one is not finite.
std::optional<std::size_t> findRoundedRanges(const TrainingGraph& training,
                                             const std::shared_ptr<const Backend>& backend,
                                             const CompileOptions& options, ProgramCache& programs,
                                             const std::shared_ptr<const DataSource>& source,
                                             std::vector<std::uint32_t> samples,
                                             const std::stop_token& stop);

} // namespace gradwright
