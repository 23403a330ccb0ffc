// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/exchange/onnx_cases.h"

#include "engine/backend/backend.h"
#include "engine/backend/devices.h"
#include "engine/check/op_cases.h"
#include "engine/data/dataset.h"
#include "engine/layers/catalog.h"
#include "engine/project/templates.h"
#include "engine/training/objective.h"
#include "tests/engine/layers/layer_cases.h"
#include "tests/engine/layers/layer_harness.h"
#include "tests/support/numeric.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace gradwright::test {
namespace {

/// First values, with noise in biases and statistics, which would all be 0 or 1; variances stay
/// positive.
Weights noisyWeights(const OpGraph& graph) {
    Weights weights;
    std::uint64_t seed = 100;
    for (const auto& spec : graph.weights()) {
        auto values = initialize(spec.initializer, spec.shape, spec.fans, 3, spec.key, DType::F32);
        const auto noise = randomTensor(DType::F32, spec.shape, ++seed, 0.05);
        const auto to = values.span<float>();
        for (std::size_t i = 0; spec.shape.rank() == 1 && i < to.size(); ++i)
            to[i] += spec.key.ends_with("running_variance") ? std::abs(noise.span<float>()[i])
                                                            : noise.span<float>()[i];
        weights.values.emplace_back(spec.key, std::move(values));
    }
    return weights;
}

bool isReadByEmbedding(const OpGraph& graph, ValueId value) {
    return std::ranges::any_of(graph.usesOf(value), [&](const Use& use) {
        return std::holds_alternative<EmbeddingOp>(graph.ops()[use.op].attributes);
    });
}

/// Normal numbers; for an embedding numbers below 5.
Tensor inputFor(const OpGraph& graph, ValueId value, std::int64_t batch) {
    auto values = randomTensor(DType::F32, graph.type(value).shapeFor(batch), 5);
    if (isReadByEmbedding(graph, value))
        for (std::size_t i = 0; i < values.span<float>().size(); ++i)
            values.span<float>()[i] = static_cast<float>(i % 5);
    return values;
}

} // namespace

std::vector<OnnxCase> onnxLayerCases() {
    std::vector<OnnxCase> cases;
    for (const auto& layerCase : layerCases()) {
        if (!layer(layerCase.layer).lower)
            continue;
        auto harness = harnessOf(layerCase);
        const HarnessData data(harness);
        for (std::size_t i = 0; i < harness.further.size(); ++i)
            harness.graph.addOutput(fmt::format("output{}", i + 2), harness.further[i]);
        OnnxCase made{nameOf(layerCase), harness.graph, noisyWeights(harness.graph), kBatch, {}};
        for (const auto& input : made.graph.inputs())
            made.inputs.push_back(input.value == harness.source   ? data.source
                                  : input.value == harness.target ? data.target
                                                                  : data.numbers);
        cases.push_back(std::move(made));
    }
    return cases;
}

std::vector<OnnxCase> onnxOpCases() {
    std::vector<OnnxCase> cases;
    for (const auto& opCase : check::opCases()) {
        OnnxCase made{opCase.name, opCase.graph, {}, opCase.batch, {}};
        if (made.graph.outputs().empty())
            continue; // a loss
        for (std::size_t i = 0; i < opCase.weights.size(); ++i)
            made.weights.values.emplace_back(made.graph.weights()[i].key, opCase.weights[i]);
        for (const auto& input : made.graph.inputs())
            made.inputs.push_back(
                std::ranges::find(opCase.inputs, input.value, &check::CaseInput::value)->data);
        cases.push_back(std::move(made));
    }
    return cases;
}

OnnxCase onnxTemplateCase(const std::string& key, std::int64_t mostMacs) {
    const auto project = openTemplate(key);
    OnnxCase made{key,
                  inferenceGraph(project.network, openDataset(project.data).info, project.training),
                  {},
                  2,
                  {}};
    if (made.graph.macs() <= mostMacs)
        made.weights = noisyWeights(made.graph);
    else
        for (const auto& spec : made.graph.weights())
            made.weights.values.emplace_back(spec.key, Tensor(DType::F32, spec.shape));
    for (const auto& input : made.graph.inputs())
        made.inputs.push_back(inputFor(made.graph, input.value, made.batch));
    return made;
}

std::vector<Tensor> expectedOutputs(const OnnxCase& onnxCase, bool byReference) {
    const auto& graph = onnxCase.graph;
    const std::shared_ptr<const Backend> backend =
        byReference ? makeReferenceBackend() : backendFor(ComputeTarget{});
    const auto program =
        backend->compile(graph, {.batch = onnxCase.batch,
                                 .precision = byReference ? Precision::F64 : Precision::F32});
    writeWeights(*program->weights(), onnxCase.weights);
    std::vector<BatchInput> inputs;
    for (std::size_t i = 0; i < onnxCase.inputs.size(); ++i)
        inputs.push_back({graph.inputs()[i].value, onnxCase.inputs[i].bytes().data()});
    program->forward(inputs, check::kCaseSeed);
    std::vector<Tensor> outputs;
    for (const auto& output : graph.outputs())
        outputs.push_back(program->read(output.value));
    return outputs;
}

} // namespace gradwright::test
