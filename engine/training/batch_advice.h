// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "engine/training/settings.h"

#include <cstddef>
#include <string>
#include <vector>

namespace gradwright {

/// Warnings, with a fix, of layers that learn nothing from so small a batch: the batch
/// normalization of a vector subtracts its mean over the batch, which at a batch size of 1 is the
/// vector itself.
std::vector<Diagnostic> batchAdvice(const Analysis& analysis, const TrainingSettings& settings);

/// What there is to say where the last batch of an epoch of so many samples has one sample, from
/// which such a layer learns nothing; empty elsewhere.
std::string lastBatchNote(const Analysis& analysis, const TrainingSettings& settings,
                          std::size_t samples);

} // namespace gradwright
