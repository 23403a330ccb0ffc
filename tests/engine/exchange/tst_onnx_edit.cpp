// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/network_runner.h"
#include "engine/exchange/onnx_edit.h"
#include "engine/exchange/wire_message.h"
#include "engine/graph/lower.h"
#include "engine/support/error.h"
#include "tests/engine/exchange/imported_model.h"
#include "tests/support/message_of.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// A field that no version of the format knows.
const std::string kUnknown = "\xfa\x3e\x07strange";

onnx_format::ModelProto parsed(const std::string& bytes) {
    onnx_format::ModelProto model;
    if (!model.ParseFromString(bytes))
        throw Error("the model cannot be read");
    return model;
}

/// x → Conv → Relu → Flatten → Gemm → y, with a description of what Relu makes.
ModelBuilder smallModel() {
    ModelBuilder b(17);
    const auto conv = b.node("Conv", {b.input("x", {1, 4, 4}), b.random({2, 1, 3, 3})}, "conv");
    const auto relu = b.node("Relu", {conv}, "relu");
    const auto flat = b.node("Flatten", {relu}, "flat");
    b.output(b.node("Gemm", {flat, b.random({8, 3})}, "dense"));
    auto& info = *b.proto().mutable_graph()->add_value_info();
    info.set_name(relu);
    auto& type = *info.mutable_type()->mutable_tensor_type();
    type.set_elem_type(1);
    type.mutable_shape()->add_dim()->set_dim_param("N");
    for (const auto length : {2, 2, 2})
        type.mutable_shape()->add_dim()->set_dim_value(length);
    return b;
}

std::vector<float> answers(const std::string& bytes, const Shape& input) {
    const auto import = importOnnxWhole(readOnnx(bytes), {.nodes = true});
    Tensor values(DType::F32, input);
    for (std::size_t i = 0; i < values.span<float>().size(); ++i)
        values.span<float>()[i] = static_cast<float>((i * 5) % 13) - 6;
    NetworkRunner runner(lower(import.network), import.weights);
    const auto made = runner.run({{import.inputs.at(0).first, values}});
    const auto span = made.at(import.outputs.at(0).first).span<float>();
    return {span.begin(), span.end()};
}

} // namespace

class OnnxEditTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Also what this program does not know of.
    void theRestStaysToTheBit() {
        const auto model = smallModel();
        const auto bytes = model.bytes() + kUnknown;
        const auto edited = editOnnx(bytes, {.renames = {{"x", "image"}}});
        QVERIFY(edited.ends_with(kUnknown));
        auto wanted = model.proto();
        wanted.mutable_graph()->mutable_input(0)->set_name("image");
        wanted.mutable_graph()->mutable_node(0)->set_input(0, "image");
        QVERIFY(parsed(edited).SerializeAsString() == wanted.SerializeAsString() + kUnknown);
        // There and back again it is the same file.
        QVERIFY(editOnnx(edited, {.renames = {{"image", "x"}}}) == bytes);
        QVERIFY(WireMessage::parse(bytes).bytes() == bytes);
    }

    void graphsWithinNodesKnowTheNewName() {
        ModelBuilder b(17);
        const auto x = b.input("x", {2});
        const auto y = b.node("If", {b.input("c", {1}, 9)}, "choice");
        auto& attribute = *b.proto().mutable_graph()->mutable_node(0)->add_attribute();
        attribute.set_name("then_branch");
        attribute.set_type(onnx_format::AttributeProto::GRAPH);
        auto& inner = *attribute.mutable_g()->add_node();
        inner.set_op_type("Relu");
        inner.add_input(x);
        inner.add_output("inside");
        b.output(y);
        const auto edited = parsed(editOnnx(b.bytes(), {.renames = {{"x", "z"}}}));
        QCOMPARE(edited.graph().node(0).attribute(0).g().node(0).input(0), std::string("z"));
    }

    void aPartIsCutOut() {
        const auto bytes = smallModel().bytes();
        const auto relu = smallModel().proto().graph().node(1).output(0);
        const auto head = editOnnx(bytes, {.to = {relu}});
        QCOMPARE(readOnnx(head).nodes.size(), std::size_t{2});
        QCOMPARE(readOnnx(head).initializers.size(), std::size_t{1});
        const auto tail = editOnnx(bytes, {.from = {relu}});
        const auto model = readOnnx(tail);
        QCOMPARE(model.nodes.size(), std::size_t{2});
        QCOMPARE(model.inputs.size(), std::size_t{1});
        QCOMPARE(model.inputs[0].name, relu);
        QCOMPARE(model.inputs[0].axes.size(), std::size_t{4});
        // One after the other they are the whole.
        const auto whole = answers(bytes, {1, 1, 4, 4});
        const auto middle = answers(head, {1, 1, 4, 4});
        const auto second = importOnnxWhole(model);
        NetworkRunner runner(lower(second.network), second.weights);
        const auto made =
            runner.run({{second.inputs[0].first, Tensor::of<float>({1, 2, 2, 2}, middle)}});
        const auto span = made.at(second.outputs[0].first).span<float>();
        QCOMPARE(std::vector<float>(span.begin(), span.end()), whole);
    }

    void nodesAreRemovedAndReplaced() {
        const auto bytes = smallModel().bytes();
        const auto without = parsed(editOnnx(bytes, {.removedNodes = {"relu"}}));
        QCOMPARE(without.graph().node_size(), 3);
        QCOMPARE(without.graph().node(1).input(0), without.graph().node(0).output(0));
        QCOMPARE(without.graph().value_info_size(), 0);
        const auto other = parsed(editOnnx(bytes, {.operators = {{"relu", "Sigmoid"}}}));
        QCOMPARE(other.graph().node(1).op_type(), std::string("Sigmoid"));
    }

    void axesAreFixedAndFreed() {
        const auto bytes = smallModel().bytes();
        const auto fixed = parsed(editOnnx(bytes, {.fixed = {{"N", 8}}}));
        QCOMPARE(fixed.graph().input(0).type().tensor_type().shape().dim(0).dim_value(), 8);
        QCOMPARE(fixed.graph().value_info(0).type().tensor_type().shape().dim(0).dim_value(), 8);
        const auto freed = parsed(editOnnx(bytes, {.freed = {{"x:2", "rows"}}}));
        QCOMPARE(freed.graph().input(0).type().tensor_type().shape().dim(2).dim_param(),
                 std::string("rows"));
    }

    void constantsAreReplaced() {
        const auto model = smallModel();
        const auto name = model.proto().graph().initializer(0).name();
        const Tensor values(DType::F32, {2, 1, 3, 3});
        const auto edited = readOnnx(editOnnx(model.bytes(), {.constants = {{name, values}}}));
        QVERIFY(*edited.initializers.at(name).values == values);
        const auto message = messageOf([&] {
            return editOnnx(model.bytes(), {.constants = {{name, Tensor(DType::F32, {2})}}});
        });
        QVERIFY2(message.contains("is 2×1×3×3; the given values are 2"), qPrintable(message));
    }

    /// Attributes that have become inputs since.
    void theOperatorSetIsConverted() {
        ModelBuilder b(9);
        auto y = b.node("Pad", {b.input("x", {2, 4})}, "pad");
        b.set("pads", std::vector<std::int64_t>{0, 0, 1, 0, 0, 1}).set("value", 0.5);
        y = b.node("Slice", {y}, "slice");
        b.set("axes", std::vector<std::int64_t>{2})
            .set("starts", std::vector<std::int64_t>{0})
            .set("ends", std::vector<std::int64_t>{5});
        y = b.node("Clip", {y}, "clip");
        b.set("min", -3.0).set("max", 4.5);
        y = b.node("Unsqueeze", {y}, "longer");
        b.set("axes", std::vector<std::int64_t>{1});
        y = b.node("ReduceMax", {y}, "most");
        b.set("axes", std::vector<std::int64_t>{2}).set("keepdims", std::int64_t{0});
        b.output(y);
        const auto edited = editOnnx(b.bytes(), {.opset = 21});
        QCOMPARE(readOnnx(edited).opset, std::int64_t{21});
        const auto model = parsed(edited);
        for (const auto& node : model.graph().node())
            for (const auto& attribute : node.attribute())
                QCOMPARE(attribute.name(), std::string("keepdims"));
        QCOMPARE(answers(edited, {2, 2, 4}), answers(b.bytes(), {2, 2, 4}));
        QVERIFY(messageOf([&] {
                    return editOnnx(edited, {.opset = 17});
                }).contains("it can be brought to a later one"));
    }

    void whatIsNotThereIsNamed_data() {
        QTest::addColumn<int>("which");
        for (int i = 0; i < 6; ++i)
            QTest::addRow("%d", i) << i;
    }
    void whatIsNotThereIsNamed() {
        QFETCH(int, which);
        const std::vector<std::pair<OnnxEdits, const char*>> all = {
            {{.renames = {{"nothing", "y"}}}, "no value \"nothing\""},
            {{.removedNodes = {"nothing"}}, "no node \"nothing\""},
            {{.from = {"nothing"}}, "no value \"nothing\""},
            {{.fixed = {{"nothing", 3}}}, "no axis of the model is called \"nothing\""},
            {{.freed = {{"x:9", "n"}}}, "no axis \"x:9\""},
            {{.constants = {{"nothing", Tensor(DType::F32, {1})}}}, "no constant \"nothing\""},
        };
        const auto& [edits, wanted] = all[static_cast<std::size_t>(which)];
        const auto message = messageOf([&] { return editOnnx(smallModel().bytes(), edits); });
        QVERIFY2(message.contains(wanted), qPrintable(message));
    }

    void damagedBytesAreRefused() {
        for (const auto* bytes : {"\x3a", "\x3a\x7f", "\x07", "\xff\xff\xff\xff\xff\xff"})
            QVERIFY(messageOf([&] {
                        return editOnnx(bytes, {.to = {"y"}});
                    }).contains("no message of Protocol Buffers"));
    }
};

QTEST_APPLESS_MAIN(OnnxEditTest)
#include "tst_onnx_edit.moc"
