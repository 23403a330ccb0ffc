// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_quantized.h"

#include "engine/exchange/onnx_check.h"
#include "engine/exchange/onnx_import.h"
#include "engine/graph/lower.h"
#include "engine/passes/inference/split_products.h"
#include "engine/passes/quantization/pack_dense.h"
#include "engine/support/error.h"

#include <cmath>

namespace gradwright {
namespace {

constexpr double kMostRelativeDifference = 0.02;

InferenceModel modelOf(OpGraph graph, const Weights& weights) {
    InferenceModel model{std::move(graph), {}};
    for (const auto& spec : model.graph.weights()) {
        const auto* values = weights.find(spec.key);
        if (!values)
            throw Error("the weights lack {}", spec.key);
        model.weights.push_back(values->to(DType::F32));
    }
    return model;
}

/// `quantizeModel` brings products into integers, behind prepareForQuantization().
template <class QuantizeModel>
OnnxExport exportInIntegers(const Project& project, const RunDirectory& run, const Weights& real,
                            std::int64_t opset, const QuantizeModel& quantizeModel) {
    auto answering = answeringNetwork(project, run);
    const auto options = onnxOptions(project, answering, opset);
    auto model = modelOf(std::move(answering.graph), answering.weights);
    prepareForQuantization(model);
    for (std::size_t i = 0; i < model.weights.size(); ++i)
        if (const auto* values = real.find(model.graph.weights()[i].key))
            model.weights[i] = values->to(DType::F32);
    quantizeModel(model);
    splitProducts(model.graph); // of layers that stay in real numbers
    OnnxExport made;
    made.run = std::move(answering.run);
    for (std::size_t i = 0; i < model.weights.size(); ++i)
        made.weights.values.emplace_back(model.graph.weights()[i].key, model.weights[i]);
    made.graph = std::move(model.graph);
    made.file = onnxFile(made.graph, made.weights, options);
    return made;
}

} // namespace

OnnxExport exportQuantizedOnnx(const Project& project, const RunDirectory& run,
                               const QuantizationPlan& plan, const Weights& real,
                               std::int64_t opset) {
    return exportInIntegers(project, run, real, opset,
                            [&](InferenceModel& model) { quantize(model, plan); });
}

OnnxExport exportPackedOnnx(const Project& project, const RunDirectory& run,
                            const std::set<std::string>& kernels, std::int64_t group,
                            const Weights& real, std::int64_t opset) {
    return exportInIntegers(project, run, real, opset, [&](InferenceModel& model) {
        std::set<std::string> others;
        for (const auto& product : quantizableProducts(model.graph))
            if (!kernels.contains(product.name))
                others.insert(product.name);
        packDense(model, group, others);
    });
}

std::optional<QuantizedOnnxCheck> checkQuantizedOnnx(const OnnxExport& made,
                                                     const std::stop_token& stop) {
    const auto import = importOnnxWhole(readOnnx(made.file), {.nodes = true});
    const auto samples = randomSamples(made.graph);
    const auto expected =
        NetworkRunner(made.graph, made.weights, {}, RunAs::Given).run(samples, stop);
    NamedTensors given;
    for (const auto& [node, name] : import.inputs)
        given.emplace(node, samples.at(name));
    const auto answers =
        NetworkRunner(lower(import.network), import.weights, {}, RunAs::Given).run(given, stop);
    if (expected.empty() || answers.empty())
        return {};
    double squares = 0;
    double differences = 0;
    for (std::size_t i = 0; i < import.outputs.size(); ++i) {
        const auto& name = made.graph.outputs().at(i).name;
        const auto want = expected.at(name).span<float>();
        const auto have = answers.at(import.outputs[i].first).span<float>();
        if (want.size() != have.size())
            throw Error("the model's output \"{}\" has another shape when it is read back", name);
        for (std::size_t j = 0; j < want.size(); ++j) {
            squares += std::pow(double{want[j]}, 2);
            differences += std::pow(double{want[j]} - double{have[j]}, 2);
        }
    }
    const auto difference = squares > 0 ? std::sqrt(differences / squares) : std::sqrt(differences);
    if (!(difference <= kMostRelativeDifference))
        throw Error("the model's answers differ from the network's by {:.1f} % when it is read "
                    "back; it is not written",
                    100 * difference);
    return QuantizedOnnxCheck{difference};
}

} // namespace gradwright
