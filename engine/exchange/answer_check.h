// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/network_runner.h"

namespace gradwright {

/// Samples that what is written is compared on.
inline constexpr std::int64_t kCheckedSamples = 32;

/// So many for each input of the graph, at random from -2 to 2; for an embedding, whole numbers of
/// its vocabulary.
NamedTensors randomSamples(const OpGraph& graph);

/// Where two answers differ most.
struct Farthest {
    std::string output;
    double size = 0; ///< relative to the largest answer or to 1
    float want = 0, have = 0;

    /// The size. Throws Error where it is above 1e-4.
    [[nodiscard]] double required() const;
};

/// Compares two arrays of answers. Throws Error where they have different shapes.
Farthest farthest(const Tensor& expected, const Tensor& answered, const std::string& output);

} // namespace gradwright
