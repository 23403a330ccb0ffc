// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/layer_import.h"

namespace gradwright {

/// What a node reads at one of its inputs, when it becomes a layer of its own.
struct NodeInput {
    std::shared_ptr<const Tensor> constant{};
    std::optional<Operand> port{};
    DType type = DType::F32; ///< of the port's values, as the node takes them
    bool isScalar = false;   ///< the port's one number has no axes
    std::string name{};      ///< by which graphs within the node read it
};

/// The layer "onnx-node" that stands for a node.
struct NodeLayer {
    ParamValues params;
    std::vector<Operand> inputs;
    LayerWeights weights;
};

/// Small constants are kept with the layer, larger ones are its weights. Throws Error for an
/// attribute or constant that is not kept.
NodeLayer nodeLayerOf(const OnnxNode& node, std::int64_t opset,
                      const std::vector<NodeInput>& inputs, bool isWholeRun);

/// A model of nodes as it is, each a layer, with samples that are whole runs. Constants are
/// computed. What cannot run is in `unable`; throws Error and OnnxLengthMissing as importOnnx().
OnnxImport importRun(const OnnxModel& model, const OnnxImportOptions& options);

} // namespace gradwright
