// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_differences.h"
#include "engine/exchange/onnx_edit.h"
#include "engine/exchange/onnx_export.h"
#include "engine/project/templates.h"

#include <QTest>

#include <array>
#include <limits>

using namespace gradwright;

namespace {

using Kind = OnnxDifference::Kind;

OnnxTensor tensor(std::initializer_list<float> values) {
    return {std::make_shared<const Tensor>(Tensor::of<float>(
        {static_cast<std::int64_t>(values.size())}, std::span(values.begin(), values.size())))};
}

OnnxNode node(std::string name, std::string op, std::vector<std::string> inputs,
              std::vector<std::string> outputs) {
    OnnxNode made;
    made.name = std::move(name);
    made.op = std::move(op);
    made.inputs = std::move(inputs);
    made.outputs = std::move(outputs);
    return made;
}

/// y = relu(conv(x, w)).
OnnxModel model() {
    OnnxModel made;
    made.irVersion = 10;
    made.opset = 21;
    made.inputs = {{"x", "float32", true, {{-1, "N"}, {3, ""}}}};
    made.outputs = {{"y", "float32", true, {{-1, "N"}, {4, ""}}}};
    made.nodes = {node("conv", "Conv", {"x", "w"}, {"c"}), node("", "Relu", {"c"}, {"y"})};
    made.nodes[0].attributes = {{"strides", std::vector<std::int64_t>{1, 1}},
                                {"auto_pad", std::string("VALID")}};
    made.initializers = {{"w", tensor({1, 2, 3})}};
    return made;
}

/// The differences as lines: "node conv: strides [1, 1] | strides [2, 1]".
QStringList linesOf(const OnnxModel& first, const OnnxModel& second) {
    QStringList lines;
    for (const auto& each : onnxDifferences(first, second))
        lines.append(QString::fromStdString(fmt::format(
            "{} {}: {} | {}", nameOf(each.kind), each.name, each.first.empty() ? "-" : each.first,
            each.second.empty() ? "-" : each.second)));
    return lines;
}

} // namespace

/// What differs between two ONNX models.
class TestOnnxDifferences : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalModelsDifferInNothing() {
        QCOMPARE(linesOf(model(), model()), QStringList());
        auto other = model();
        std::swap(other.nodes[0], other.nodes[1]); // the order does not count
        QCOMPARE(linesOf(model(), other), QStringList());
    }

    void portsAndTheModelItself() {
        auto other = model();
        other.irVersion = 8;
        other.opset = 17;
        other.metadata = {{"classes", "cat, dog"}};
        other.inputs[0].axes[0] = {8, ""};
        other.outputs = {{"z", "int64", false, {}}};
        QCOMPARE(linesOf(model(), other),
                 QStringList({"model IR version: 10 | 8", "model operator set: 21 | 17",
                              "model metadata classes: - | cat, dog",
                              "input x: float32 N×3 | float32 8×3", "output y: float32 N×4 | -",
                              "output z: - | int64 ?"}));
        auto two = model();
        two.inputs.push_back({"a", "float32", true, {{1, ""}}});
        auto turned = two;
        std::swap(turned.inputs[0], turned.inputs[1]);
        QCOMPARE(linesOf(two, turned), QStringList({"input order: x, a | a, x"}));
    }

    void nodesArePairedByNameThenByWhatTheyMake() {
        auto other = model();
        other.nodes[0].attributes["strides"] = std::vector<std::int64_t>{2, 1};
        other.nodes[0].attributes.erase("auto_pad");
        other.nodes[0].attributes["group"] = std::int64_t{3};
        QCOMPARE(linesOf(model(), other),
                 QStringList({"node conv: auto_pad VALID; no group; strides [1, 1] | no auto_pad; "
                              "group 3; strides [2, 1]"}));
        other = model();
        other.nodes[1].op = "Tanh"; // has no name and makes the same value, but is another operator
        QCOMPARE(linesOf(model(), other),
                 QStringList({"node y: Relu (c) | -", "node y: - | Tanh (c)"}));
        other.nodes[1].name = "last";
        auto named = model();
        named.nodes[1].name = "last";
        QCOMPARE(linesOf(named, other), QStringList({"node last: Relu | Tanh"}));
        other = model();
        other.nodes[0].name = "first_conv"; // the same operator makes the same value
        QCOMPARE(linesOf(model(), other),
                 QStringList({"node conv: called conv | called first_conv"}));
        other = model();
        other.nodes[1].outputs = {"z"}; // the same operator reads the same value
        QCOMPARE(linesOf(model(), other), QStringList({"node y: makes y | makes z"}));
    }

    /// Two nodes of one name are told by what they make.
    void namesThatAreNotUniqueTellNothing() {
        auto first = model();
        first.nodes.push_back(node("conv", "Conv", {"y", "w"}, {"z"}));
        auto second = first;
        second.nodes[2].inputs = {"c", "w"};
        QCOMPARE(linesOf(first, second), QStringList({"node conv: reads y, w | reads c, w"}));
    }

    void constantsTellHowFarTheyAre() {
        auto other = model();
        other.initializers["w"] = tensor({1, 2.5F, 3.25F});
        QCOMPARE(linesOf(model(), other),
                 QStringList({"constant w: F32 3 | 2 of 3 values differ, by 0.5 at most"}));
        other.initializers["w"] = tensor({1, std::numeric_limits<float>::quiet_NaN(), 3});
        QCOMPARE(linesOf(model(), other),
                 QStringList({"constant w: F32 3 | 1 of 3 values differ, some of them NaN"}));
        other.initializers = {{"v", tensor({1, 2})}};
        QCOMPARE(linesOf(model(), other),
                 QStringList({"constant w: F32 3 | -", "constant v: - | F32 2"}));
        auto zero = model();
        zero.initializers["w"] = tensor({0.0F});
        other.initializers = {{"w", tensor({-0.0F})}};
        QCOMPARE(linesOf(zero, other),
                 QStringList({"constant w: F32 1 | values differ in their last bits only"}));
        auto first = model();
        first.nodes[0].attributes["value"] = tensor({1, 2});
        auto second = first;
        second.nodes[0].attributes["value"] = tensor({1, 3});
        QCOMPARE(linesOf(first, second),
                 QStringList({"node conv: value F32 2 | value F32 2, other values"}));
    }

    /// What an edit changed is what differs.
    void anEditIsTold() {
        const auto file = exportOnnx(openTemplate("exclusive-or"), {}).file;
        const auto before = readOnnx(file);
        OnnxEdits edits;
        edits.renames = {{before.outputs.at(0).name, "answer"}};
        edits.fixed = {{before.inputs.at(0).axes.at(0).name, 4}};
        const auto after = readOnnx(editOnnx(file, edits));
        const auto found = onnxDifferences(before, after);
        QCOMPARE(std::ranges::count(found, Kind::Input, &OnnxDifference::kind), 1);
        QCOMPARE(std::ranges::count(found, Kind::Output, &OnnxDifference::kind), 2);
        QCOMPARE(std::ranges::count(found, Kind::Node, &OnnxDifference::kind), 1);
        QCOMPARE(std::ranges::count(found, Kind::Constant, &OnnxDifference::kind), 0);
        QCOMPARE(std::ranges::count(found, Kind::Model, &OnnxDifference::kind), 0);
    }
};

QTEST_GUILESS_MAIN(TestOnnxDifferences)
#include "tst_onnx_differences.moc"
