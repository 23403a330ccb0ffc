// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/passes/inference/optimize.h"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright {

/// What one op of a program takes and keeps.
struct LayerTime {
    std::string path; ///< of the layer
    /// The layers that became this op, in their order; the layer alone where it is one.
    std::vector<std::string> parts{};
    std::string op{};             ///< "conv", "fused"
    std::string implementation{}; ///< as OpReport says it
    double median = 0;            ///< seconds for the batch
    double share = 0;             ///< of the sum of all medians
    std::int64_t operations = 0;
    std::size_t weights = 0; ///< bytes in FP32
    std::size_t results = 0; ///< bytes of what it makes, for the batch, in FP32
};

/// The ops of a graph, not measured.
std::vector<LayerTime> layersOf(const OpGraph& graph, std::int64_t batch = 1);

/// Adds the layers that fold-normalization brought together: the layer in whose weights they are,
/// or the normalization, whose name alone is left.
void addFoldedParts(std::vector<LayerTime>& layers, const OptimizationReport& report);

struct LayerTimes {
    std::int64_t batch = 1;
    std::size_t runs = 0;
    double sum = 0;                  ///< seconds, of all medians; of all threads together
    std::size_t weights = 0;         ///< bytes that the weights take as they are kept
    std::size_t activations = 0;     ///< bytes planned for all values between the ops
    std::vector<LayerTime> layers{}; ///< in the order in which they run
};

/// Runs the program again and again for so many seconds, three times at least, after a first run
/// that does not count, and measures each op. Nothing when stopped. Throws Error where the engine
/// cannot measure.
std::optional<LayerTimes> measureLayers(Program& program, double seconds,
                                        const std::stop_token& stop = {});

} // namespace gradwright
