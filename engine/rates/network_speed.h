// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/rates/rate.h"
#include "engine/training/settings.h"

#include <stop_token>
#include <vector>

namespace gradwright {

/// What a layer can reach at most under a roof of operations and one of bytes per second (Williams,
/// Waterman, Patterson: "Roofline: an insightful visual performance model for multicore
/// architectures", 2009).
struct LayerSpeed {
    std::string path;
    std::int64_t operations = 0; ///< floating-point, of forward and backward pass
    std::int64_t bytes = 0;      ///< that its steps read and write, caches left aside
    double attainable = 0;       ///< operations per second: min(peak, intensity × bandwidth)
    double seconds = 0; ///< the least that it takes: max(operations / peak, bytes / bandwidth)

    /// Operations a byte; infinite where none is moved.
    [[nodiscard]] double intensity() const;
};

/// By layer, in the order of the forward pass; what neither computes nor moves anything is left
/// out. `peak` in operations, `bandwidth` in bytes per second.
std::vector<LayerSpeed> layerSpeeds(const ProgramReport& report, double peak, double bandwidth);

/// Why a network trains no faster.
struct NetworkSpeed {
    Rate product, memory; ///< the roofs, as measured
    std::vector<LayerSpeed> layers;
    std::int64_t batch = 1;
    double measured = 0; ///< seconds of a training step on made-up data, the optimizer included

    [[nodiscard]] std::int64_t operations() const;
    /// Seconds: what the layers take at least, one after another.
    [[nodiscard]] double predicted() const;
    /// Of the peak, in the whole step as it was measured.
    [[nodiscard]] double shareOfPeak() const;
};

/// Measures the roofs of the processor in the settings' precision and a step of the training, and
/// compares the layers. Time per layer is not measured: steps of layers are fused and shared out
/// among threads. Takes seconds; nothing when stopped. Throws Error when the training cannot be
/// compiled, or computes on a GPU.
std::optional<NetworkSpeed> measureNetwork(const OpGraph& training,
                                           const TrainingSettings& settings,
                                           const std::stop_token& stop = {});

} // namespace gradwright
