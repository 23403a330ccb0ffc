// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/inference/inference_model.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace gradwright {

/// What an op reads of a group of units: `block` numbers of each, side by side.
struct UnitReader {
    OpId op;
    ValueId value; ///< that it reads
    std::int64_t block = 1;
    /// Zeros are put around what it reads, so that only a constant 0 can be folded into it.
    bool isPadded = false;
};

/// The outputs of a convolution or dense layer, which can be taken away one by one: what follows up
/// to the next convolutions and dense layers treats each for itself.
struct UnitGroup {
    OpId maker;
    std::int64_t units = 0;
    std::vector<OpId> between{};       ///< ops that have numbers or weights for each unit
    std::vector<UnitReader> readers{}; ///< one at least
};

/// The groups of a graph, in order. Those whose units meet others' (sums, joins), are seen outside
/// or belong to layers that share weights are none.
std::vector<UnitGroup> unitGroups(const OpGraph& graph);

/// Units that go.
struct UnitsToRemove {
    UnitGroup group;
    std::vector<bool> isGone; ///< by unit
    /// What each unit is where it is read, by reader of the group and unit; empty: nothing is kept
    /// of the units. It is added to the readers' biases, which get one where they have none.
    std::vector<std::vector<double>> constants{};
};

/// Takes units away with all weights that make and read them. Values get new numbers: returns the
/// new one by the old one. At least one unit of each group has to stay. Throws Error otherwise and
/// for a constant other than 0 that a padded reader would need.
std::vector<std::optional<ValueId>> removeUnits(InferenceModel& model,
                                                const std::vector<UnitsToRemove>& removals);

} // namespace gradwright
