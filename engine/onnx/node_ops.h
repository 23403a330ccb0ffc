// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/onnx/node.h"
#include "engine/ops/op_graph.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What a node of ONNX reads at one of its inputs: nothing, a constant, a value of the graph or
/// weights of it.
struct OnnxOperand {
    std::shared_ptr<const Tensor> constant{};
    std::optional<ValueId> value{};
    /// As onnxWeightShapes() names them.
    std::vector<WeightId> weights{};

    [[nodiscard]] bool isLeftOut() const { return !constant && !value && weights.empty(); }
};

/// Whether there are ops for the operator, as far as its name says.
bool isOnnxOperatorKnown(std::string_view domain, std::string_view op);

/// Appends the ops that compute a node of ONNX, under `path`. The operands are those of its inputs,
/// then those that `captured` names for the graphs within the node. Returns its outputs up to the
/// last that the node names. Throws Error with the reason where no ops compute it, where an operand
/// has to be constant and is not, and where types or shapes do not fit.
std::vector<ValueId> addOnnxNode(OpGraph& graph, const OnnxNode& node, std::int64_t opset,
                                 std::span<const OnnxOperand> operands, const std::string& path,
                                 std::span<const std::string> captured = {});

/// What the graphs within the node read from the graph around it, each name once.
std::vector<std::string> onnxCapturedNames(const OnnxNode& node);

// Weights. Most are one tensor as the model has it. Those of recurrent nodes are cut into what the
// engine's cells take, for each direction: gates in another order, and two biases.

/// Whether the operator takes the input as weights alone.
bool isOnnxWeight(const OnnxNode& node, std::size_t input);
/// "kernel", "bias", ….
std::vector<std::string> onnxWeightNames(const OnnxNode& node, std::size_t input);
std::vector<Shape> onnxWeightShapes(const OnnxNode& node, std::size_t input, const Shape& shape);
/// The model's values, F32, as weights of those shapes, and back.
std::vector<Tensor> toOnnxWeights(const OnnxNode& node, std::size_t input, const Tensor& values);
Tensor fromOnnxWeights(const OnnxNode& node, std::size_t input, const Shape& shape,
                       std::span<const Tensor> weights);

} // namespace gradwright
