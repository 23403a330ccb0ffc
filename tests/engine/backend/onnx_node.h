// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <filesystem>
#include <variant>
#include <vector>

namespace gradwright::test {

/// A node test of the ONNX standard as a graph: parameters of the op are weights, the rest inputs.
struct OnnxNodeTest {
    OpGraph graph;
    std::int64_t batch = 1;
    std::vector<Tensor> inputs;  ///< in the order of the graph's inputs
    std::vector<Tensor> weights; ///< in the order of the graph's weights
    Tensor expected;             ///< flat: ONNX shapes may differ in how they show the batch
};

/// Why a test does not apply to our ops, in words.
struct OnnxSkip {
    std::string reason;
};

/// Reads model.onnx, input_N.pb and output_0.pb of one folder. Nothing when its operator is none
/// that we have an op for.
std::optional<std::variant<OnnxNodeTest, OnnxSkip>>
loadOnnxNodeTest(const std::filesystem::path& folder);

} // namespace gradwright::test
