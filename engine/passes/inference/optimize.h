// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/inference/inference_model.h"

#include <set>
#include <span>

namespace gradwright {

/// The passes for inference, in their order.
std::span<const InferencePass> inferencePasses();

/// What a network takes to answer.
struct NetworkSize {
    std::int64_t layers = 0;     ///< see countedLayers()
    std::int64_t operations = 0; ///< on floating-point numbers, per sample
    std::int64_t bytes = 0;      ///< that ops read and write per sample, in FP32
    std::int64_t weights = 0; ///< bytes: FP32, and a byte for each element of kernels in integers
};
NetworkSize sizeOf(const OpGraph& graph);

/// What one pass has done to a network.
struct PassReport {
    std::string key;
    std::vector<Merge> merges{};
    NetworkSize saved{};
};

struct OptimizationReport {
    NetworkSize before{}, after{};
    std::vector<PassReport> passes{}; ///< those that are not left out, in order
};

/// Runs the passes, but for those whose key is in `leftOut`, again and again until none finds
/// anything to do. Throws Error for a key that no pass has.
OptimizationReport optimize(InferenceModel& model, const std::set<std::string>& leftOut = {});

/// How many layers the ops are, counted as NVIDIA counts those of VGG-19, Inception-v3 and
/// ResNet-152 before and after TensorRT: the layers of Caffe, where batch normalization is two
/// (normalization, then scale and shift) and each activation, sum and join is one, without those
/// that compute nothing in inference (drop-out, reshaping). What was fused is one.
std::int64_t countedLayers(const OpGraph& graph);

} // namespace gradwright
