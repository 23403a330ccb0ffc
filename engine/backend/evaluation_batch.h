// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <algorithm>

namespace gradwright {

/// How many samples to evaluate at once: enough to keep all threads busy, few enough for the
/// largest value between two ops not to take more than 64 MiB.
inline std::int64_t evaluationBatch(const OpGraph& graph) {
    constexpr std::int64_t kMost = 128;
    constexpr std::int64_t kElements = 16 << 20;
    std::int64_t largest = 1;
    for (std::uint32_t i = 0; i < graph.values().size(); ++i)
        largest = std::max(largest, graph.type(ValueId{i}).elementsPerSample());
    return std::clamp<std::int64_t>(kElements / largest, 1, kMost);
}

} // namespace gradwright
