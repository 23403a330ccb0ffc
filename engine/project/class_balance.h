// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/part_counts.h"
#include "engine/training/settings.h"

#include <string>

namespace gradwright {

/// What the parameter class_weights may hold in place of numbers, until these are counted.
inline constexpr std::string_view kBalanced = "balanced";

/// Whether a loss has that word as its class weights.
bool wantsBalance(const TrainingSettings& settings);

/// Weights as class_weights takes them, in the order of the classes and with six significant
/// digits: "5, 0.555556". See PartCounts::balancedWeights().
std::string classWeightsText(const PartCounts& counts);

/// Puts the counted weights in place of the word. Throws Error where samples have no single class.
void balanceClasses(TrainingSettings& settings, const PartCounts& counts);

} // namespace gradwright
