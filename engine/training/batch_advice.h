// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "engine/training/settings.h"

#include <vector>

namespace gradwright {

/// Warnings, with a fix, of layers that learn nothing from so small a batch: the batch
/// normalization of a vector subtracts its mean over the batch, which at a batch size of 1 is the
/// vector itself.
std::vector<Diagnostic> batchAdvice(const Analysis& analysis, const TrainingSettings& settings);

} // namespace gradwright
