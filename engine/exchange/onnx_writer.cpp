// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_writer.h"

#include "engine/exchange/onnx_graph.h"
#include "engine/passes/eliminate.h"
#include "engine/support/byte_text.h"
#include "engine/support/error.h"
#include "engine/support/version.h"

#include <limits>

namespace gradwright {
namespace {

// The first IR version that ONNX pairs with an operator set.
constexpr std::int64_t kIrVersion = 10;
constexpr std::int64_t kOldestIrVersion = 8;

constexpr std::string_view kTraining = "it is a part of training alone";
constexpr std::string_view kQuantized = "quantized values are not written yet";

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
    void operator()(const QuantizeOp& /*op*/) const { scope.refuse(kQuantized); }
    void operator()(const DequantizeOp& /*op*/) const { scope.refuse(kQuantized); }
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
    OnnxGraph made(graph, isNeeded, weights, options.opset);
    for (std::size_t place = 0; place < graph.ops().size(); ++place) {
        if (!isNeeded[place])
            continue;
        OnnxScope scope(made, graph.ops()[place]);
        std::visit(OpWriter{scope}, graph.ops()[place].attributes);
    }
    onnx_format::ModelProto model;
    model.set_ir_version(options.opset == kOnnxOpset ? kIrVersion : kOldestIrVersion);
    model.set_producer_name("Gradwright");
    model.set_producer_version(kVersion);
    if (!options.description.empty())
        model.set_doc_string(options.description);
    *model.mutable_graph() = made.finish();
    model.mutable_graph()->set_name(options.name);
    auto& imported = *model.add_opset_import();
    imported.set_domain("");
    imported.set_version(options.opset);
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
