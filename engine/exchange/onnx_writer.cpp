// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_writer.h"

#include "engine/exchange/onnx_graph.h"
#include "engine/layers/onnx_node.h"
#include "engine/passes/eliminate.h"
#include "engine/support/byte_text.h"
#include "engine/support/error.h"
#include "engine/support/version.h"

#include <array>
#include <limits>
#include <map>
#include <optional>

namespace gradwright {
namespace {

using Origins = std::map<std::string_view, const Origin*>;

/// The first IR version that ONNX pairs with an operator set, from the one on that keeps weights
/// apart from inputs.
std::int64_t irVersionOf(std::int64_t opset) {
    constexpr std::array<std::pair<std::int64_t, std::int64_t>, 9> firsts = {
        {{25, 12}, {23, 11}, {21, 10}, {19, 9}, {15, 8}, {12, 7}, {11, 6}, {10, 5}, {7, 4}}};
    for (const auto& [first, version] : firsts)
        if (opset >= first)
            return version;
    return firsts.back().second;
}

/// The operator set of the nodes of other models, where the graph has nothing else and they agree:
/// then each is written as it was.
std::optional<std::int64_t> opsetOfOrigins(const OpGraph& graph, const std::vector<bool>& isNeeded,
                                           const Origins& origins) {
    std::optional<std::int64_t> opset;
    for (std::size_t place = 0; place < graph.ops().size(); ++place) {
        if (!isNeeded[place])
            continue;
        const auto found = origins.find(graph.ops()[place].path);
        if (found == origins.end())
            return {};
        const auto own = onnxNodeFromText(found->second->what).opset;
        if (opset && *opset != own)
            return {};
        opset = own;
    }
    return opset;
}

constexpr std::string_view kTraining = "it is a part of training alone";
constexpr std::string_view kQuantized =
    "quantized values are not written yet as factors of such a product";

/// What inferenceGraph() has no need of is refused.
struct OpWriter {
    OnnxScope& scope;

    template <class Op>
    requires requires(OnnxScope& s, const Op& op) { writeOnnx(s, op); }
    void operator()(const Op& op) const { writeOnnx(scope, op); }
    // eliminateIdentities() leaves those that make an output.
    void operator()(const DropoutOp& /*op*/) const { scope.result(scope.in()); }
    void operator()(const GaussianNoiseOp& /*op*/) const { scope.result(scope.in()); }

    void operator()(const OneHotOp& /*op*/) const { scope.refuse(kTraining); }
    void operator()(const SoftmaxCrossEntropyOp& /*op*/) const { scope.refuse(kTraining); }
    void operator()(const MeanSquaredErrorOp& /*op*/) const { scope.refuse(kTraining); }
    void operator()(const ElementLossOp& /*op*/) const { scope.refuse(kTraining); }
    void operator()(const HingeLossOp& /*op*/) const { scope.refuse(kTraining); }
    void operator()(const CosineLossOp& /*op*/) const { scope.refuse(kTraining); }
    void operator()(const GradientOp& /*op*/) const { scope.refuse(kTraining); }
    void operator()(const LossSeedOp& /*op*/) const { scope.refuse(kTraining); }
    void operator()(const FakeQuantizeOp& /*op*/) const { scope.refuse(kTraining); }
    void operator()(const MatMulIntegerOp& /*op*/) const { scope.refuse(kQuantized); }
    void operator()(const ConvIntegerOp& /*op*/) const { scope.refuse(kQuantized); }
    void operator()(const FillOp& /*op*/) const {
        scope.refuse("a filled value has no axes that ONNX could take its lengths from");
    }
    void operator()(const ShapeOp& /*op*/) const {
        scope.refuse("lengths that are values are not written yet");
    }
    void operator()(const FusedOp& /*op*/) const {
        scope.refuse("it is a part of a compiled program alone");
    }
    void operator()(const FusedProductOp& /*op*/) const {
        scope.refuse("it is a part of a compiled program alone");
    }
};

} // namespace

std::string onnxFile(OpGraph graph, const Weights& weights, const OnnxOptions& options) {
    if (options.opset != kOnnxOpset && options.opset != kOldestOnnxOpset)
        throw Error("ONNX is written with opset {} or {}, not {}", kOnnxOpset, kOldestOnnxOpset,
                    options.opset);
    eliminateIdentities(graph, true);
    std::vector<ValueId> outputs;
    for (const auto& output : graph.outputs())
        outputs.push_back(output.value);
    const auto isNeeded = graph.opsBehind(outputs);
    Origins origins;
    for (const auto& origin : graph.origins())
        origins.emplace(origin.path, &origin);
    const auto opset = opsetOfOrigins(graph, isNeeded, origins).value_or(options.opset);
    OnnxGraph made(graph, isNeeded, weights, opset, options.weights);
    for (std::size_t place = 0; place < graph.ops().size(); ++place) {
        if (!isNeeded[place])
            continue;
        if (const auto found = origins.find(graph.ops()[place].path); found != origins.end()) {
            if (found->second)
                made.addOrigin(*found->second);
            found->second = nullptr; // written once
            continue;
        }
        OnnxScope scope(made, graph.ops()[place]);
        writeOnReals(scope, [&] { std::visit(OpWriter{scope}, graph.ops()[place].attributes); });
    }
    onnx_format::ModelProto model;
    model.set_ir_version(irVersionOf(opset));
    model.set_producer_name("Gradwright");
    model.set_producer_version(kVersion);
    if (!options.description.empty())
        model.set_doc_string(options.description);
    *model.mutable_graph() = made.finish();
    model.mutable_graph()->set_name(options.name);
    auto& imported = *model.add_opset_import();
    imported.set_domain("");
    imported.set_version(opset);
    for (const auto& [key, value] : options.metadata) {
        auto& entry = *model.add_metadata_props();
        entry.set_key(key);
        entry.set_value(value);
    }
    const auto bytes = model.ByteSizeLong();
    if (bytes > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
        throw Error("the model takes {}, and one ONNX file holds less than 2 GiB",
                    bytesText(static_cast<std::int64_t>(bytes)));
    std::string file;
    if (!model.SerializeToString(&file))
        throw Error("the ONNX model cannot be written");
    return file;
}

} // namespace gradwright
