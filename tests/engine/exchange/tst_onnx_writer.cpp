// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_writer.h"
#include "engine/graph/lower.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "engine/support/version.h"
#include "tests/engine/exchange/onnx_cases.h"
#include "tests/engine/exchange/onnx_evaluator.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// FP32 constants in a chain; the engine's side is FP64.
constexpr double kTolerance = 2e-6;
/// Multiply-accumulates per sample above which a template's structure is checked alone.
constexpr std::int64_t kMostMacs = 12'000'000;

/// Of op cases that no layer makes and that are refused.
constexpr std::array kRefused = {
    "quantized values are not written yet",          "cells with states, lengths or peepholes",
    "lengths that are values are not written yet",   "a filled value has no axes",
    "arithmetic with whole numbers or truth values", "ONNX takes indices as whole numbers"};

onnx_format::ModelProto parsed(const std::string& file) {
    onnx_format::ModelProto model;
    if (!model.ParseFromString(file))
        throw std::runtime_error("the file is no ONNX model");
    return model;
}

OnnxArray arrayOf(const Tensor& tensor) {
    OnnxArray array(tensor.shape().dims());
    const auto values = tensor.to(DType::F64);
    std::ranges::copy(values.span<double>(), array.data.begin());
    return array;
}

/// What keeps the file from computing what the engine does; empty where nothing does.
QString faultOf(const OnnxCase& onnxCase, std::int64_t opset) {
    const auto model =
        parsed(onnxFile(onnxCase.graph, onnxCase.weights, {.opset = opset, .name = "case"}));
    std::map<std::string, OnnxArray> inputs;
    for (std::size_t i = 0; i < onnxCase.inputs.size(); ++i)
        for (const auto& info : model.graph().input())
            if (info.name() == onnxCase.graph.inputs()[i].name)
                inputs[info.name()] = arrayOf(onnxCase.inputs[i]);
    std::map<std::string, OnnxArray> values;
    try {
        values = evaluateOnnx(model, std::move(inputs));
    } catch (const std::exception& error) {
        return error.what();
    }
    const auto expected = expectedOutputs(onnxCase, true);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto& have = values.at(model.graph().output(static_cast<int>(i)).name());
        const auto want = arrayOf(expected[i]);
        if (have.shape != want.shape)
            return "an output has another shape";
        double largest = 1;
        for (const double value : want.data)
            largest = std::max(largest, std::abs(value));
        for (std::size_t j = 0; j < want.data.size(); ++j)
            if (!(std::abs(have.data[j] - want.data[j]) <= kTolerance * largest))
                return QString("output %1, element %2: %3 and not %4")
                    .arg(i)
                    .arg(j)
                    .arg(have.data[j], 0, 'g', 9)
                    .arg(want.data[j], 0, 'g', 9);
    }
    return {};
}

/// Whatever makes a graph invalid whatever it computes, empty where nothing does.
std::string disorderOf(const onnx_format::GraphProto& graph) {
    std::set<std::string> known{""};
    for (const auto& info : graph.input())
        known.insert(info.name());
    for (const auto& tensor : graph.initializer())
        if (!known.insert(tensor.name()).second)
            return tensor.name() + " is there twice";
    std::set<std::string> names;
    for (const auto& node : graph.node()) {
        if (node.name().empty() || !names.insert(node.name()).second)
            return "two nodes are called " + node.name();
        for (const auto& name : node.input())
            if (!known.contains(name))
                return node.name() + " reads " + name + " before it is made";
        for (const auto& name : node.output())
            if (!known.insert(name).second)
                return name + " is made twice";
    }
    for (const auto& info : graph.output())
        if (!known.contains(info.name()))
            return info.name() + " is not made";
    return {};
}

const onnx_format::NodeProto& nodeOfType(const onnx_format::ModelProto& model,
                                         const std::string& type) {
    for (const auto& node : model.graph().node())
        if (node.op_type() == type)
            return node;
    throw std::runtime_error("no node " + type);
}

} // namespace

class OnnxWriterTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        layers_ = onnxLayerCases();
        ops_ = onnxOpCases();
    }

    void layersComputeTheSame_data() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<int>("opset");
        for (std::size_t i = 0; i < layers_.size(); ++i)
            for (const int opset : {21, 17})
                QTest::addRow("%s, opset %d", layers_[i].name.c_str(), opset) << i << opset;
    }
    void layersComputeTheSame() {
        QFETCH(std::size_t, index);
        QFETCH(int, opset);
        const auto fault = faultOf(layers_[index], opset);
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }

    void opsComputeTheSame_data() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<int>("opset");
        for (std::size_t i = 0; i < ops_.size(); ++i)
            for (const int opset : {21, 17})
                QTest::addRow("%s, opset %d", ops_[i].name.c_str(), opset) << i << opset;
    }
    void opsComputeTheSame() {
        QFETCH(std::size_t, index);
        QFETCH(int, opset);
        QString fault;
        try {
            fault = faultOf(ops_[index], opset);
        } catch (const Error& error) {
            const std::string message = error.what();
            if (std::ranges::any_of(kRefused, [&](const char* reason) {
                    return message.find(reason) != std::string::npos;
                }))
                QSKIP(error.what());
            throw;
        }
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }

    void templatesComputeTheSame_data() {
        QTest::addColumn<QString>("key");
        for (const auto& key : templateKeys())
            QTest::newRow(key.c_str()) << QString::fromStdString(key);
    }
    void templatesComputeTheSame() {
        QFETCH(QString, key);
        const auto made = onnxTemplateCase(key.toStdString(), kMostMacs);
        const auto model = parsed(onnxFile(made.graph, made.weights));
        QCOMPARE(QString::fromStdString(disorderOf(model.graph())), QString());
        QCOMPARE(model.graph().output_size(), 1);
        // Each weight once, in whatever order.
        std::int64_t elements = 0;
        std::int64_t written = 0;
        std::set<WeightId> needed; // not those of outputs that prediction has no use for
        const auto isNeeded = made.graph.opsBehind({made.graph.outputs()[0].value});
        for (std::size_t place = 0; place < isNeeded.size(); ++place)
            if (isNeeded[place])
                needed.insert(made.graph.ops()[place].weights.begin(),
                              made.graph.ops()[place].weights.end());
        for (const auto id : needed)
            elements += made.graph.weight(id).shape.elements();
        for (const auto& tensor : model.graph().initializer())
            if (std::ranges::any_of(made.graph.weights(), [&](const WeightSpec& spec) {
                    return tensor.name() == spec.key || tensor.name().starts_with(spec.key + "/");
                }))
                written += OnnxArray::count({tensor.dims().begin(), tensor.dims().end()});
        QCOMPARE(written, elements);
        if (made.graph.macs() > kMostMacs)
            return;
        const auto fault = faultOf(made, kOnnxOpset);
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }

    /// Names, dimensions and versions as people and programs read them.
    void namesAreThoseOfTheLayers() {
        auto graph = lower(lenet());
        Weights weights;
        for (const auto& spec : graph.weights())
            weights.values.emplace_back(spec.key, Tensor(DType::F32, spec.shape));
        const auto model = parsed(onnxFile(
            graph, weights,
            {.name = "LeNet", .description = "A network.", .metadata = {{"classes", "[\"0\"]"}}}));
        QCOMPARE(model.ir_version(), std::int64_t{10});
        QCOMPARE(model.opset_import(0).version(), std::int64_t{21});
        QCOMPARE(model.producer_name(), std::string("Gradwright"));
        QCOMPARE(model.producer_version(), std::string(kVersion));
        QCOMPARE(model.doc_string(), std::string("A network."));
        QCOMPARE(model.graph().name(), std::string("LeNet"));
        QCOMPARE(model.metadata_props(0).key(), std::string("classes"));
        const auto& input = model.graph().input(0);
        QCOMPARE(input.name(), graph.inputs()[0].name);
        QCOMPARE(input.type().tensor_type().elem_type(), 1);
        QCOMPARE(input.type().tensor_type().shape().dim(0).dim_param(), std::string("N"));
        QCOMPARE(input.type().tensor_type().shape().dim(2).dim_value(), std::int64_t{28});
        std::set<std::string> initializers;
        for (const auto& tensor : model.graph().initializer())
            initializers.insert(tensor.name());
        for (const auto& spec : graph.weights())
            QVERIFY2(initializers.contains(spec.key), spec.key.c_str());
        std::set<std::string> paths;
        for (const auto& op : graph.ops())
            paths.insert(op.path);
        for (const auto& node : model.graph().node()) {
            const auto layer = node.name().substr(0, node.name().find('/'));
            QVERIFY2(paths.contains(layer), node.name().c_str());
        }
        QVERIFY(model.graph().value_info_size() > 0);
        const auto old = parsed(onnxFile(graph, weights, {.opset = 17}));
        QCOMPARE(old.ir_version(), std::int64_t{8});
        QCOMPARE(old.opset_import(0).version(), std::int64_t{17});
    }

    /// What runtimes read differently is never left to them.
    void nothingIsLeftToDefaults() {
        for (const auto& each : layers_)
            for (const auto opset : {kOnnxOpset, kOldestOnnxOpset}) {
                const auto model = parsed(onnxFile(each.graph, each.weights, {.opset = opset}));
                for (const auto& node : model.graph().node()) {
                    std::set<std::string> attributes;
                    for (const auto& attribute : node.attribute())
                        attributes.insert(attribute.name());
                    for (const auto* forbidden :
                         {"auto_pad", "ceil_mode", "output_shape", "layout", "momentum"})
                        QVERIFY2(!attributes.contains(forbidden), each.name.c_str());
                    for (const auto* type : {"Softmax", "LogSoftmax", "Concat", "Split", "Gather",
                                             "LayerNormalization"})
                        QVERIFY2(node.op_type() != type || attributes.contains("axis"),
                                 each.name.c_str());
                    for (const auto* type : {"Dropout", "Identity"})
                        QVERIFY2(node.op_type() != type || node.output(0).starts_with("output"),
                                 each.name.c_str());
                    QVERIFY(node.op_type() != "Dropout");
                    QVERIFY2(node.op_type() != "GRU" || attributes.contains("linear_before_reset"),
                             each.name.c_str());
                }
            }
    }

    void embeddingsTakeWholeNumbers() {
        const auto found = std::ranges::find_if(
            layers_, [](const OnnxCase& each) { return each.name.starts_with("embedding"); });
        QVERIFY(found != layers_.end());
        const auto model = parsed(onnxFile(found->graph, found->weights));
        QCOMPARE(model.graph().input_size(), 1);
        QCOMPARE(model.graph().input(0).type().tensor_type().elem_type(), 7);
        QCOMPARE(nodeOfType(model, "Gather").input(1), model.graph().input(0).name());
    }

    /// An output that is an input as well is made by a node, since ONNX has one name for both.
    void outputsHaveTheirOwnNames() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3}});
        const auto y = graph.add(ActivationOp{{ActivationKind::Relu}}, {x}, "x");
        graph.addOutput("same", x);
        graph.addOutput("x", y);
        graph.addOutput("again", y);
        const auto model = parsed(onnxFile(graph, {}));
        QCOMPARE(QString::fromStdString(disorderOf(model.graph())), QString());
        std::map<std::string, OnnxArray> inputs;
        inputs["x"] = OnnxArray({2, 3});
        inputs["x"].data = {-1, 2, -3, 4, -5, 6};
        const auto values = evaluateOnnx(model, inputs);
        const std::vector<double> rectified{0, 2, 0, 4, 0, 6};
        QCOMPARE(values.at(model.graph().output(0).name()).data, inputs["x"].data);
        QCOMPARE(values.at(model.graph().output(1).name()).data, rectified);
        QCOMPARE(values.at(model.graph().output(2).name()).data, rectified);
    }

    void whatCannotBeWrittenIsRefused() {
        const auto written = layers_.front().graph;
        QCOMPARE(messageOf([&] { return onnxFile(written, {}); }),
                 "the weights lack source0/weight");
        Weights wrong;
        wrong.values.emplace_back("source0/weight", Tensor(DType::F32, {2, 2}));
        QCOMPARE(messageOf([&] { return onnxFile(written, wrong); }),
                 QString("source0/weight is 2×2 in the weights and %1 in the network")
                     .arg(toString(written.weights()[0].shape).c_str()));
        QCOMPARE(messageOf([&] { return onnxFile(written, wrong, {.opset = 12}); }),
                 "ONNX is written with opset 21 or 17, not 12");
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3}});
        graph.addOutput("loss", graph.add(MeanSquaredErrorOp{}, {x, x}, "judge"));
        QCOMPARE(messageOf([&] { return onnxFile(graph, {}); }),
                 "judge cannot be written as ONNX: it is a part of training alone");
    }

private:
    std::vector<OnnxCase> layers_;
    std::vector<OnnxCase> ops_;
};

QTEST_APPLESS_MAIN(OnnxWriterTest)
#include "tst_onnx_writer.moc"
