// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "tests/engine/layers/layer_cases.h"

#include <optional>

namespace gradwright::test {

/// The layer behind a trainable Dense for each input, compared with a target by squared error.
struct Harness {
    OpGraph graph;
    ValueId source, target, output, loss;
    std::vector<ValueId> further = {};   ///< of a layer of several outputs
    std::optional<ValueId> numbers = {}; ///< what an embedding reads: 0, 1, 2, …
};

/// What all harnesses run on.
inline constexpr std::int64_t kBatch = 4;

std::string nameOf(const LayerCase& layerCase);
Harness harnessOf(const LayerCase& layerCase);

/// Random data for a harness.
struct HarnessData {
    Tensor source, target, numbers;

    explicit HarnessData(const Harness& harness);
    [[nodiscard]] std::vector<BatchInput> bindings(const Harness& harness) const;
};

} // namespace gradwright::test
