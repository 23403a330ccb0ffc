// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/ops/op_graph.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// The operator sets that are written: the default, and the older one, which more programs read.
inline constexpr std::int64_t kOnnxOpset = 21;
inline constexpr std::int64_t kOldestOnnxOpset = 17;

struct OnnxOptions {
    std::int64_t opset = kOnnxOpset; ///< kOnnxOpset, or kOldestOnnxOpset for the widest use
    DType weights = DType::F32;   ///< or F16 or BF16: how weights are kept; nodes cast them to F32
    std::string name = "network"; ///< of the graph
    std::string description{};
    /// What ONNX keeps beside the graph, as keys and texts.
    std::vector<std::pair<std::string, std::string>> metadata{};
};

/// The bytes of an ONNX model (IR version 10; 8 with opset 17) that computes the outputs of `graph`
/// as inference does, in FP32, and nothing that these do not need: without losses, dropout and
/// noise, batch normalization with its running statistics. The batch is a dimension called "N".
/// Nodes are named by the paths of their layers, weights by their keys; what an operator wants in
/// another order or shape has a suffix, such as "lstm/weight_ih_l0/iofc". An input that only
/// embeddings read is I64. Needs no opset above 21, since RMS normalization and attention are
/// written as chains. Throws Error that names the layer and says why it cannot be written, for a
/// weight that is missing or has another shape, for an opset that is not written and for a model of
/// 2 GiB or more, the limit of Protocol Buffers.
std::string onnxFile(OpGraph graph, const Weights& weights, const OnnxOptions& options = {});

} // namespace gradwright
