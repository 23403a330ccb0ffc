// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"
#include "engine/onnx/node_spec.h"

namespace gradwright {

inline constexpr std::string_view kOnnxNodeKey = "onnx-node";

/// The operator sets that are read.
inline constexpr std::int64_t kFirstReadOpset = 7;
inline constexpr std::int64_t kLastReadOpset = 28;

/// What the layer "onnx-node" is: a node of ONNX with what it reads. Its inputs have no names, its
/// outputs are called by their numbers.
struct OnnxNodeSpec {
    OnnxNode node;
    std::int64_t opset = 21;
    std::vector<OnnxOperandSpec> operands;
    /// A sample is all that a model takes in one run, its batch included.
    bool isWholeRun = false;
};

/// The parameters of such a layer, and back. Throws Error for texts that are none.
ParamValues paramsOfOnnxNode(const OnnxNodeSpec& spec);
OnnxNodeSpec onnxNodeFrom(const Params& params);

/// Whether a layer of that key is such a node whose samples are whole runs.
bool isWholeRun(std::string_view layer, const ParamValues& params);

/// What Origin::what says of such a layer.
OnnxNodeSpec onnxNodeFromText(std::string_view text);

/// What such a layer computes, for inputs of those shapes. Throws Error where it cannot run.
struct OnnxNodeOps {
    OpGraph graph;
    std::vector<ValueId> outputs;
};
OnnxNodeOps opsOfOnnxNode(const InferContext& context);

} // namespace gradwright
