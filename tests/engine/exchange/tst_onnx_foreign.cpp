// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "tests/engine/exchange/foreign_models.h"
#include "tests/support/message_of.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// The reasons why the model's nodes cannot be opened, a line each.
QString problemsOf(const Build& build, std::int64_t opset = 17) {
    ModelBuilder builder(opset);
    builder.output(build(builder));
    return QString::fromStdString(problemLines(importOnnx(builder.read()).problems));
}

} // namespace

/// Models as other programs write them, compared with the text of the standard.
class OnnxForeignTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void modelsComputeTheSame_data() {
        QTest::addColumn<std::size_t>("index");
        for (std::size_t i = 0; i < cases_.size(); ++i)
            QTest::addRow("%s", cases_[i].name) << i;
    }
    void modelsComputeTheSame() {
        QFETCH(std::size_t, index);
        const auto& each = cases_[index];
        ModelBuilder builder(17);
        builder.output(each.build(builder));
        const auto fault = importFault(builder, each.layers);
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }

    /// Every node that no layer computes is named, and those behind it are not.
    void whatCannotBeOpenedIsListed() {
        ModelBuilder builder(17);
        const auto x = builder.input("x", {4, 6});
        const auto hidden = builder.node("Relu", {builder.node("Hardmax", {x}, "choice")});
        const auto sorted = builder.node("TopK", {hidden, builder.integers({2})}, "best", 2);
        builder.output(builder.node("Einsum", {sorted, x}, "sum"));
        const auto made = importOnnx(builder.read());
        QCOMPARE(made.problems.size(), std::size_t{3});
        QVERIFY(made.network.main.nodes().empty());
        QCOMPARE(messageOf([&] { return importOnnxWhole(builder.read()).notes; }),
                 "3 nodes of the model cannot be opened as layers:\n"
                 "choice (Hardmax): no layer computes it\n"
                 "best (TopK): no layer computes it\n"
                 "sum (Einsum): no layer computes it");
    }

    void nothingIsApproximated_data() {
        QTest::addColumn<int>("which");
        QTest::addColumn<QString>("reason");
        refused_ = {
            {"a GRU that resets before the product",
             [](ModelBuilder& b) {
                 const auto x = turned(b, b.input("x", {5, 4}), {1, 0, 2});
                 return b.node("GRU", {x, b.random({1, 9, 4}), b.random({1, 9, 3})});
             }},
            {"whole numbers added",
             [](ModelBuilder& b) {
                 return b.node("Add", {b.input("x", {4}, 7), b.scalar(1)});
             }},
            {"a softmax of rows",
             [](ModelBuilder& b) {
                 return b.node("Softmax", {b.input("x", {4, 5})});
             }},
            {"the batch joined",
             [](ModelBuilder& b) {
                 return b.node("Reshape", {b.input("x", {4, 5}), b.integers({-1, 5})});
             }},
            {"samples mixed",
             [](ModelBuilder& b) {
                 auto y = b.node("Concat", {b.input("x", {4}), b.input("y", {4})});
                 b.set("axis", std::int64_t{0});
                 return y;
             }},
            {"two values multiplied",
             [](ModelBuilder& b) {
                 return b.node("MatMul", {b.input("x", {4, 5}), b.input("y", {5, 4})});
             }},
            {"pixels by a third",
             [](ModelBuilder& b) {
                 auto y = b.node("Resize",
                                 {b.input("x", {1, 4, 4}), "", b.floats({4}, {1, 1, 1.5F, 1.5F})});
                 return y;
             }},
            {"a constant of every pixel",
             [](ModelBuilder& b) {
                 return b.node("Mul", {b.input("x", {2, 3, 4}), b.random({3, 4})});
             }},
            {"powers of a number below 0",
             [](ModelBuilder& b) {
                 return b.node("Pow", {b.number(-2), b.input("x", {3})});
             }},
            {"another function's name",
             [](ModelBuilder& b) {
                 auto y = b.node("Conv", {b.input("x", {2, 3, 4})});
                 b.proto().mutable_graph()->mutable_node(0)->set_domain("com.example");
                 return y;
             }},
            {"a state to begin with",
             [](ModelBuilder& b) {
                 const auto x = turned(b, b.input("x", {5, 4}), {1, 0, 2});
                 return b.node("LSTM", {x, b.random({1, 12, 4}), b.random({1, 12, 3}), "", "",
                                        b.random({1, 1, 3})});
             }},
            {"an attribute of another type",
             [](ModelBuilder& b) {
                 auto y = b.node("LeakyRelu", {b.input("x", {4})});
                 b.set("alpha", std::string("much"));
                 return y;
             }},
        };
        const std::vector<QString> reasons = {
            "it resets its state before the product, the layer behind it",
            "it computes with whole numbers; layers compute with real ones",
            "Softmax along axis 2 of 4×5 has no layer: layers take a vector",
            "it joins the batch with other axes",
            "it works along the batch, and no layer mixes samples",
            "it multiplies two values that depend on the sample",
            "it enlarges by 1.5; layers enlarge by whole numbers up to 64",
            "it combines its input with a constant of shape 3×4, which is no number per channel",
            "it takes powers of -2, which a formula has for numbers above 0 alone",
            "its operator belongs to com.example, which is not known",
            "it is given a state to begin with, which layers do not take",
            "its attribute \"alpha\" must be a number",
        };
        QCOMPARE(refused_.size(), reasons.size());
        for (std::size_t i = 0; i < reasons.size(); ++i)
            QTest::newRow(refused_[i].first) << static_cast<int>(i) << reasons[i];
    }
    void nothingIsApproximated() {
        QFETCH(int, which);
        QFETCH(QString, reason);
        const auto problems = problemsOf(refused_[static_cast<std::size_t>(which)].second);
        QVERIFY2(problems.contains(reason), qPrintable(problems));
    }

    /// As damaged files have them, in the middle of what is looked for as a whole.
    void nodesWithoutInputsAreProblems_data() {
        QTest::addColumn<QString>("without");
        for (const auto* op : {"Mul", "ReduceMean", "Add", "Sqrt", "Div"})
            QTest::newRow(op) << op;
    }
    void nodesWithoutInputsAreProblems() {
        QFETCH(QString, without);
        ModelBuilder b(17);
        const auto node = [&](const char* op, const std::vector<std::string>& inputs) {
            return b.node(op, without == op ? std::vector<std::string>{} : inputs);
        };
        const auto x = b.input("x", {4, 6});
        const auto mean = node("ReduceMean", {node("Mul", {x, x})});
        b.set("axes", std::vector<std::int64_t>{-1});
        const auto root = node("Sqrt", {node("Add", {mean, b.number(1e-5F)})});
        b.output(node("Div", {x, root}));
        const auto problems = QString::fromStdString(problemLines(importOnnx(b.read()).problems));
        QVERIFY2(problems.contains(without), qPrintable(problems));
    }

    /// LSTMs begin with zeros of as many rows as there are samples.
    void zerosPerSampleAreNoState() {
        ModelBuilder b(17);
        const auto x = b.input("x", {5, 4});
        const auto batch = b.node("Gather", {b.node("Shape", {x}), b.integers({0})});
        const auto shape = b.node("Concat", {b.integers({1}), batch, b.integers({3})});
        b.set("axis", std::int64_t{0});
        const auto zeros = b.node("ConstantOfShape", {shape});
        auto y = b.node("LSTM", {turned(b, x, {1, 0, 2}), b.random({1, 12, 4}),
                                 b.random({1, 12, 3}), "", "", zeros, zeros});
        y = turned(b, b.node("Squeeze", {y, b.integers({1})}), {1, 0, 2});
        b.output(y);
        const auto made = importOnnxWhole(b.read());
        QCOMPARE(layersOf(made.network), (Layers{{"lstm", 1}}));
    }

    void namedAxesAreGivenALength() {
        ModelBuilder b(17);
        const auto x = b.input("x", {2, 5, 5});
        auto& shape = *b.proto()
                           .mutable_graph()
                           ->mutable_input(0)
                           ->mutable_type()
                           ->mutable_tensor_type()
                           ->mutable_shape();
        shape.mutable_dim(2)->set_dim_param("height");
        shape.mutable_dim(3)->set_dim_value(-1);
        b.output(b.node("Relu", {x}));
        QCOMPARE(messageOf([&] { return importOnnx(b.read()).notes; }),
                 "axis 2 of the input \"x\" has no length in the model: give that of \"height\"");
        const auto made = importOnnxWhole(b.read(), {.lengths = {{"height", 6}, {"x:3", 7}}});
        const auto* input = made.network.main.findByName("x");
        QVERIFY(input);
        QCOMPARE(std::get<IntTuple>(input->params.at("shape")), (IntTuple{2, 6, 7}));
    }

    /// Pieces put into a constant, of more elements than the ops that compute others may take.
    void constantsPutTogetherAreComputed() {
        constexpr std::int64_t kWide = 40'000;
        ModelBuilder b(17);
        const auto x = b.input("x", {2, kWide});
        const auto zeros = b.floats({2, kWide}, std::vector<float>(2 * kWide));
        auto& places = *b.proto().mutable_graph()->add_initializer();
        places.set_name("places");
        places.add_dims(3);
        places.add_dims(2);
        places.set_data_type(7);
        for (const std::int64_t place : {1, -1, 0, 2, 1, -1})
            places.add_int64_data(place);
        const auto made = b.node("ScatterND", {zeros, "places", b.floats({3}, {5, 6, 7})});
        b.output(b.node("Add", {x, made}));
        const auto import = importOnnxWhole(b.read());
        const auto answers = answersOf(import, {{"x", Tensor(DType::F32, {1, 2, kWide})}}, 1);
        const auto& answer = answers.begin()->second;
        for (std::int64_t i = 0; i < 2 * kWide; ++i)
            QCOMPARE(answer.span<double>()[static_cast<std::size_t>(i)], i == 2 ? 6.0
                                                                         : i == 2 * kWide - 1
                                                                             ? 7.0
                                                                             : 0.0);
    }

    /// What folding has no words for is computed by ops: the triangle of a mask.
    void constantsAreComputedByOps() {
        ModelBuilder b(17);
        const auto x = b.input("x", {3, 3});
        const auto lower = b.node("Trilu", {b.floats({3, 3}, std::vector<float>(9, 2))});
        b.set("upper", std::int64_t{0});
        b.output(b.node("Add", {x, lower}));
        const auto import = importOnnxWhole(b.read());
        const auto answers = answersOf(import, {{"x", Tensor(DType::F32, {1, 3, 3})}}, 1);
        const auto& answer = answers.begin()->second;
        for (std::size_t i = 0; i < 9; ++i)
            QCOMPARE(answer.span<double>()[i], i % 3 <= i / 3 ? 2.0 : 0.0);
    }

    /// A Relu that belongs to the Conv before it by its name is the layer's activation.
    void activationsJoinTheirLayer() {
        for (const bool isJoined : {true, false}) {
            ModelBuilder b(17);
            const auto y = convolution(b, b.input("x", {2, 5, 5}), 4, 2);
            b.proto().mutable_graph()->mutable_node(0)->set_name("net/conv/Conv");
            b.output(b.node("Relu", {y}, isJoined ? "net/conv/Relu" : "net/relu/Relu"));
            const auto made = importOnnxWhole(b.read());
            QCOMPARE(layersOf(made.network),
                     isJoined ? (Layers{{"conv2d", 1}}) : (Layers{{"conv2d", 1}, {"relu", 1}}));
            QVERIFY(made.network.main.findByName("net_conv"));
        }
    }

private:
    std::vector<ForeignCase> cases_ = foreignCases();
    std::vector<std::pair<const char*, Build>> refused_;
};

QTEST_APPLESS_MAIN(OnnxForeignTest)
#include "tst_onnx_foreign.moc"
