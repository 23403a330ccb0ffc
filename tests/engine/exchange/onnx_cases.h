// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/ops/op_graph.h"

#include <string>
#include <vector>

namespace gradwright::test {

/// A graph with weights and what it is fed with.
struct OnnxCase {
    std::string name;
    OpGraph graph;
    Weights weights;
    std::int64_t batch = 1;
    std::vector<Tensor> inputs; ///< [batch, …] in F32, in the order of the graph's inputs
};

/// Every layer of the catalogue with the corners of its parameters: a line of layer_cases.cpp each.
std::vector<OnnxCase> onnxLayerCases();
/// Every op that inference may have, from the cases that backends are compared with.
std::vector<OnnxCase> onnxOpCases();
/// What prediction compiles for a template, with random weights, or zeros above that many MACs per
/// sample: drawing the weights of the largest takes long.
OnnxCase onnxTemplateCase(const std::string& key, std::int64_t mostMacs);

/// The outputs, in the order of the graph's, by the reference in FP64, or by the CPU engine in
/// FP32.
std::vector<Tensor> expectedOutputs(const OnnxCase& onnxCase, bool byReference);

} // namespace gradwright::test
