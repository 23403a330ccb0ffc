// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// The values of a network's weights at one moment, by key, in plain layout. Never changes once
/// made, so it is shared between threads as shared_ptr<const Weights>.
struct Weights {
    std::vector<std::pair<std::string, Tensor>> values;

    /// Nullptr when there is no weight of that key.
    [[nodiscard]] const Tensor* find(std::string_view key) const;
};

Weights readWeights(const WeightStore& store);
/// Throws Error naming the first weight that is missing or has another shape.
void writeWeights(WeightStore& store, const Weights& weights);

} // namespace gradwright
