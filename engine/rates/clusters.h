// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/rates/cards.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace gradwright {

/// Nodes of GPUs as their data sheets describe them.
struct Cluster {
    std::string_view key;  ///< "dgx-a100"
    std::string_view name; ///< "DGX A100"
    int year;
    std::string_view card; ///< of knownCards()
    int gpus;              ///< of a node
    double network;        ///< bytes per second that leave a node
    std::string_view source;
};

/// DGX-1 (with P100 and with V100), DGX-2, DGX A100 and DGX H100.
std::span<const Cluster> knownClusters();
/// Throws Error that names those there are.
const Cluster& cluster(std::string_view key);
const Card& cardOf(const Cluster& cluster);

/// What a training gives the GPUs to do.
struct ScalingLoad {
    std::int64_t macs = 0;                ///< of the forward pass, of one sample
    std::int64_t parameters = 0;          ///< that learn
    std::int64_t batch = 32;              ///< samples of each GPU per step
    Precision precision = Precision::F32; ///< F32, Tf32, F16 or Bf16
    int wireBytes = 4;                    ///< of a gradient's element: 4 in FP32, 2 in BF16
    /// Of the peak that is reached in practice, an assumption.
    double utilization = 0.4;
    /// Of a message, in seconds, an assumption.
    double latency = 5e-6;
};

/// A prediction for some nodes.
struct ScalingForecast {
    std::int64_t gpus = 1;
    double compute = 0;       ///< seconds per step
    double communication = 0; ///< seconds that the sum of the gradients takes
    double step = 0;          ///< seconds, with what of it the backward pass hides
    double samplesPerSecond = 0;
    double efficiency = 1; ///< against as many GPUs that have nothing to sum
};

/// `gpus` of one node, or all of several `nodes`. A step has three times the operations of the
/// forward pass, at a share of the card's peak. The gradient is summed among the GPUs of a node and
/// then between nodes, each time with 2 (n - 1) / n of its bytes through each GPU's links, or, of
/// as many parts as a node has GPUs, through the node's network (Patarasuk, Yuan: "Bandwidth
/// optimal all-reduce algorithms for clusters of workstations", 2009), and 2 (n - 1) messages one
/// after the other. Two thirds of a step are the backward pass, behind which the sum hides. Throws
/// Error where the card has no peak in that precision, and for impossible numbers.
ScalingForecast predictScaling(const Cluster& cluster, int nodes, int gpus,
                               const ScalingLoad& load);

} // namespace gradwright
