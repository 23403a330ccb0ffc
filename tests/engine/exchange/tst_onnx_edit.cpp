// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/network_runner.h"
#include "engine/exchange/onnx_edit.h"
#include "engine/exchange/onnx_outline.h"
#include "engine/exchange/onnx_types.h"
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

    /// Each type by the text that a person writes; all else of the node stays.
    void attributesAreChanged() {
        auto model = smallModel();
        model.set("strides", std::vector<std::int64_t>{1, 1})
            .set("alpha", 0.25)
            .set("transA", std::int64_t{0})
            .set("mode", std::string("a"));
        const auto bytes = model.bytes();
        const auto edited =
            parsed(editOnnx(bytes, {.attributes = {{"dense", "strides", "[2, 3]"},
                                                   {"dense", "alpha", "1"},
                                                   {"dense", "transA", "1"},
                                                   {"dense", "mode", "b c"},
                                                   {"dense", "beta", "0.5"},
                                                   {"dense", "new", "[\"p\", \"q\"]"},
                                                   {"dense", "count", "7"}}}));
        auto wanted = model.proto();
        auto& all = *wanted.mutable_graph()->mutable_node(3)->mutable_attribute();
        all.Mutable(0)->clear_ints();
        all.Mutable(0)->add_ints(2);
        all.Mutable(0)->add_ints(3);
        all.Mutable(1)->set_f(1);
        all.Mutable(2)->set_i(1);
        all.Mutable(3)->set_s("b c");
        auto* made = all.Add();
        made->set_name("beta");
        made->set_f(0.5F);
        made->set_type(onnx_format::AttributeProto::FLOAT);
        made = all.Add();
        made->set_name("new");
        made->add_strings("p");
        made->add_strings("q");
        made->set_type(onnx_format::AttributeProto::STRINGS);
        made = all.Add();
        made->set_name("count");
        made->set_i(7);
        made->set_type(onnx_format::AttributeProto::INT);
        QVERIFY(edited.SerializeAsString() == wanted.SerializeAsString());
        const auto without = parsed(editOnnx(bytes, {.attributes = {{"dense", "alpha", ""}}}));
        QCOMPARE(without.graph().node(3).attribute_size(), 3);
        const auto refuses = [&](const OnnxAttributeEdit& edit, const char* words) {
            const auto message = messageOf([&] { return editOnnx(bytes, {.attributes = {edit}}); });
            QVERIFY2(message.contains(words), qPrintable(message));
        };
        refuses({"dense", "transA", "0.5"}, "\"transA\" is a whole number such as 1, not \"0.5\"");
        refuses({"dense", "strides", "[1, x]"}, "a list of whole numbers");
        refuses({"dense", "alpha", "much"}, "a number such as 0.5, not \"much\"");
        refuses({"dense", "alpha", "1e300"}, "larger than an attribute can be");
        refuses({"dense", "nothing", ""}, "no attribute \"nothing\"");
        refuses({"nothing", "alpha", "1"}, "no node \"nothing\"");
    }

    void attributesThatAreTensorsStay() {
        ModelBuilder b(17);
        b.output(b.node("Constant", {}, "c"));
        auto& attribute = *b.proto().mutable_graph()->mutable_node(0)->add_attribute();
        attribute.set_name("value");
        attribute.set_type(onnx_format::AttributeProto::TENSOR);
        attribute.mutable_t()->add_dims(2);
        attribute.mutable_t()->set_data_type(7);
        const auto message = messageOf([&] {
            return editOnnx(b.bytes(), {.attributes = {{"c", "value", "1"}}});
        });
        QVERIFY2(message.contains("is int64 2, which is not written as text"), qPrintable(message));
    }

    void axesAreRenamedAndLeftOpen() {
        const auto bytes = smallModel().bytes();
        const auto renamed = parsed(editOnnx(bytes, {.renamedAxes = {{"N", "batch"}}}));
        for (const auto* info : {&renamed.graph().input(0), &renamed.graph().value_info(0)})
            QCOMPARE(info->type().tensor_type().shape().dim(0).dim_param(), std::string("batch"));
        const auto open = parsed(editOnnx(bytes, {.freed = {{"x:1", ""}, {"x:0", ""}}}));
        const auto& shape = open.graph().input(0).type().tensor_type().shape();
        QVERIFY(!shape.dim(0).has_dim_param() && !shape.dim(0).has_dim_value());
        QVERIFY(!shape.dim(1).has_dim_param() && !shape.dim(1).has_dim_value());
        QCOMPARE(shape.dim(2).dim_value(), 4);
        const auto message = messageOf([&] {
            return editOnnx(bytes, {.renamedAxes = {{"M", "batch"}}});
        });
        QVERIFY2(message.contains("no axis of the model is called \"M\""), qPrintable(message));
    }

    /// The same part as between its ends, with what it reads of constants.
    void nodesAreKept() {
        const auto bytes = smallModel().bytes();
        const auto model = parsed(bytes);
        const auto relu = model.graph().node(1).output(0);
        QVERIFY(editOnnx(bytes, {.keptNodes = {"conv", "relu"}}) ==
                editOnnx(bytes, {.to = {relu}}));
        QVERIFY(editOnnx(bytes, {.keptNodes = {"flat", "dense"}}) ==
                editOnnx(bytes, {.from = {relu}, .to = {model.graph().node(3).output(0)}}));
    }

    /// What the model does not describe is told by the ops; what they do not know either has no
    /// type.
    void endsHaveTypes() {
        const auto flat = smallModel().proto().graph().node(2).output(0);
        const auto tail = parsed(editOnnx(smallModel().bytes(), {.keptNodes = {"dense"}}));
        QCOMPARE(tail.graph().input_size(), 1);
        QCOMPARE(tail.graph().input(0).name(), flat);
        const auto& type = tail.graph().input(0).type().tensor_type();
        QCOMPARE(type.elem_type(), 1);
        QCOMPARE(type.shape().dim_size(), 2);
        QCOMPARE(type.shape().dim(0).dim_param(), std::string("N"));
        QCOMPARE(type.shape().dim(1).dim_value(), 8);
        const auto more = parsed(editOnnx(smallModel().bytes(), {.outputs = {flat}}));
        QVERIFY(more.graph().output(1).SerializeAsString() ==
                tail.graph().input(0).SerializeAsString());
        ModelBuilder b(17);
        const auto strange = b.node("Strange", {b.input("x", {4})}, "strange");
        b.output(b.node("Relu", {strange}, "relu"));
        const auto message =
            messageOf([&] { return editOnnx(b.bytes(), {.keptNodes = {"relu"}}); });
        QVERIFY2(message.contains("does not say of which type"), qPrintable(message));
    }

    /// Names of axes, whole numbers, truth values, shapes that are computed, and what is not told:
    /// products of lengths and element types that are computed in another one.
    void typesAreInferred() {
        ModelBuilder b(17);
        const auto x = b.input("x", {6, 4});
        const auto shape = b.node("Shape", {x}, "shape");
        const auto first = b.node("Gather", {shape, b.scalar(0)}, "first");
        const auto second = b.node("Unsqueeze", {first, b.integers({0})}, "second");
        const auto wanted = b.node("Concat", {second, b.integers({24})}, "wanted");
        b.set("axis", std::int64_t{0});
        const auto flat = b.node("Reshape", {x, wanted}, "flat");
        const auto best = b.node("ArgMax", {flat}, "best");
        b.set("axis", std::int64_t{1}).set("keepdims", std::int64_t{0});
        const auto large = b.node("Greater", {flat, b.number(0)}, "large");
        const auto rows = b.node("Reshape", {x, b.integers({-1, 4})}, "rows");
        const auto half = b.node("Cast", {x}, "half");
        b.set("to", std::int64_t{10});
        const auto product = b.node("MatMul", {x, b.random({4, 1000, 300})}, "product");
        b.output(b.node("Relu", {half}, "last"));
        const auto bytes = b.bytes();
        auto model = WireMessage::parse(bytes);
        const auto types = inferOnnxTypes(model, onnxOutline(model));
        const auto text = [&](const std::string& value) {
            const auto found = types.find(value);
            return found == types.end() ? std::string("nothing")
                                        : found->second.type + ' ' + onnxShapeText(found->second);
        };
        QCOMPARE(text(flat), std::string("float32 N×24"));
        QCOMPARE(text(shape), std::string("int64 3"));
        QCOMPARE(text(best), std::string("int64 N"));
        QCOMPARE(text(large), std::string("bool N×24"));
        QCOMPARE(text(rows), std::string("float32 ?×4"));
        QCOMPARE(text(half), std::string("nothing"));
        QCOMPARE(text(product), std::string("nothing")); // its shapes do not fit
        QVERIFY(model.bytes() == bytes);
    }

    /// What is computed of constants alone comes along; what others read becomes an output, and
    /// what is read twice an input once.
    void aPartHasItsEnds() {
        ModelBuilder b(17);
        const auto x = b.input("x", {4});
        const auto size = b.node("Neg", {b.floats({4}, {1, 2, 3, 4})}, "size");
        const auto first = b.node("Relu", {x}, "first");
        const auto sum = b.node("Add", {first, size}, "sum");
        const auto product = b.node("Mul", {sum, first}, "product");
        const auto last = b.node("Add", {product, sum}, "last");
        b.output(last);
        const auto bytes = b.bytes();
        auto model = WireMessage::parse(bytes);
        const auto outline = onnxOutline(model);
        const auto part = onnxPart(outline, {"sum", "product"});
        QCOMPARE(part.from, (std::vector<std::string>{first}));
        QCOMPARE(part.to, (std::vector<std::string>{sum, product}));
        QCOMPARE(onnxPart(outline, {"first"}).from, std::vector<std::string>{});
        QCOMPARE(onnxPart(outline, {"last"}).to, (std::vector<std::string>{last}));
    }

    void theOutlineTellsAll() {
        auto builder = smallModel();
        builder.set("transB", std::int64_t{0}).set("alpha", 2.0);
        const auto bytes = builder.bytes();
        auto model = WireMessage::parse(bytes);
        const auto outline = onnxOutline(model);
        QCOMPARE(outline.opset, std::int64_t{17});
        QCOMPARE(outline.nodes.size(), std::size_t{4});
        QCOMPARE(outline.nodes[3].title(), std::string("dense"));
        QCOMPARE(outline.nodes[3].key, outline.nodes[3].outputs.front());
        QCOMPARE(outline.nodes[3].attributes.size(), std::size_t{2});
        QCOMPARE(outline.nodes[3].attributes[1].value, std::string("2.0"));
        QCOMPARE(onnxShapeText(outline.inputs.at(0)), std::string("N×1×4×4"));
        QCOMPARE(onnxShapeText(*outline.portOf(outline.nodes[1].outputs[0])),
                 std::string("N×2×2×2"));
        QVERIFY(outline.portOf(outline.nodes[0].outputs[0]) == nullptr);
        const auto* kernel = outline.constantOf(outline.nodes[0].inputs[1]);
        QVERIFY(kernel != nullptr);
        QCOMPARE(kernel->lengths, (std::vector<std::int64_t>{2, 1, 3, 3}));
        QCOMPARE(kernel->type, std::string("float32"));
        QVERIFY(model.bytes() == bytes); // looking changes nothing
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
