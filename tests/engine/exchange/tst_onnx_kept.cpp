// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/network_runner.h"
#include "engine/exchange/onnx_writer.h"
#include "engine/graph/lower.h"
#include "engine/graph/network_json.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/objective.h"
#include "tests/engine/exchange/imported_model.h"
#include "tests/support/message_of.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

OnnxImport opened(const ModelBuilder& builder) {
    return importOnnxWhole(builder.read(), {.nodes = true});
}

/// The first node of that operator.
const onnx_format::NodeProto* nodeOf(const onnx_format::ModelProto& model, const std::string& op) {
    for (const auto& node : model.graph().node())
        if (node.op_type() == op)
            return &node;
    return nullptr;
}

onnx_format::ModelProto written(const OnnxImport& import) {
    onnx_format::ModelProto model;
    if (!model.ParseFromString(onnxFile(lower(import.network), import.weights)))
        throw Error("the model cannot be read");
    return model;
}

/// What the network makes of counted numbers.
std::vector<float> answers(const OnnxImport& import, const Shape& input) {
    Tensor values(DType::F32, input);
    for (std::size_t i = 0; i < values.span<float>().size(); ++i)
        values.span<float>()[i] = static_cast<float>((i * 7) % 11) - 4;
    NetworkRunner runner(lower(import.network), import.weights);
    const auto made = runner.run({{import.inputs.at(0).first, values}});
    const auto span = made.at(import.outputs.at(0).first).span<float>();
    return {span.begin(), span.end()};
}

} // namespace

/// Nodes of ONNX that no layer stands for.
class OnnxKeptTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Layers stay layers, and what is between them is kept with its attributes and constants.
    void aNodeBetweenLayersIsKept() {
        ModelBuilder b(21);
        const auto y = b.node("ReduceLogSumExp", {b.input("x", {3, 5}), b.integers({2})}, "sum");
        b.set("keepdims", std::int64_t{0});
        b.output(b.node("Relu", {y}, "relu"));
        const auto made = opened(b);
        QVERIFY(!made.isWholeRun);
        QCOMPARE(layersOf(made.network),
                 (std::map<std::string, int>{{"onnx-node", 1}, {"relu", 1}}));
        QCOMPARE(made.kept.size(), std::size_t{1});
        const auto* node = made.network.main.findByName("sum");
        QVERIFY(node);
        QCOMPARE(std::get<std::string>(node->params.at("attributes")),
                 std::string(R"({"keepdims":0})"));
        const auto file = written(made);
        const auto* back = nodeOf(file, "ReduceLogSumExp");
        QVERIFY(back && back->attribute_size() == 1);
        QCOMPARE(back->attribute(0).name(), std::string("keepdims"));
        QCOMPARE(back->input_size(), 2);
        // Opened once more it is the same network.
        const auto again = importOnnxWhole(readOnnx(file.SerializeAsString()), {.nodes = true});
        QCOMPARE(answers(again, {2, 3, 5}), answers(made, {2, 3, 5}));
    }

    /// Class numbers and the like: the network keeps samples apart and gives them with an axis.
    void oneNumberPerSampleIsAnOutput() {
        for (const bool isMean : {false, true}) {
            ModelBuilder b(17);
            const auto y = b.node(isMean ? "ReduceMean" : "ArgMax", {b.input("x", {6})}, "y");
            b.set("keepdims", std::int64_t{0});
            if (isMean)
                b.set("axes", std::vector<std::int64_t>{1});
            else
                b.set("axis", std::int64_t{1});
            const auto output = b.node("Identity", {y});
            b.output(output);
            b.output(b.node("Softmax", {"x"}));
            const auto made = opened(b);
            QVERIFY(!made.isWholeRun && made.problems.empty());
            QVERIFY(made.flatOutputs == std::set{output});
            QVERIFY(std::ranges::any_of(made.notes, [&](const std::string& note) {
                return note.find(output + "\" is one number per sample") != std::string::npos;
            }));
            const auto x = randomTensor(DType::F32, {5, 6}, 3);
            const auto answers = answersOf(made, {{"x", x}}, 5);
            const auto& z = answers.at(output);
            QVERIFY(z.shape() == Shape{5});
            for (std::size_t i = 0; i < 5; ++i) {
                const auto row = x.span<float>().subspan(6 * i, 6);
                const double want =
                    isMean ? std::accumulate(row.begin(), row.end(), 0.0) / 6
                           : static_cast<double>(std::ranges::max_element(row) - row.begin());
                QVERIFY(std::abs(z.span<double>()[i] - want) < 1e-6);
            }
        }
    }

    void aNetworkOfNodesIsSaved() {
        ModelBuilder b(17);
        b.output(b.node("TopK", {b.input("x", {6}), b.integers({2})}, "best", 2));
        const auto made = opened(b);
        const auto network = networkFromJson(toJson(made.network));
        QVERIFY(network == made.network);
    }

    /// ONNX's gates are in another order than ours, and come back in theirs.
    void weightsOfRecurrentNodesComeBack() {
        ModelBuilder b(21);
        b.input("x", {1, 3});
        // A batch that is not first: [5, N, 3].
        auto& shape = *b.proto()
                           .mutable_graph()
                           ->mutable_input(0)
                           ->mutable_type()
                           ->mutable_tensor_type()
                           ->mutable_shape();
        shape.clear_dim();
        for (const auto length : {5, 1, 3})
            shape.add_dim()->set_dim_value(length);
        const auto w = b.random({2, 8, 3});
        const auto r = b.random({2, 8, 2});
        const auto bias = b.random({2, 16});
        b.output(b.node("LSTM", {"x", w, r, bias}, "cell", 2));
        b.set("hidden_size", std::int64_t{2}).set("direction", std::string("bidirectional"));
        const auto made = opened(b);
        const auto file = written(made);
        const auto* node = nodeOf(file, "LSTM");
        QVERIFY(node);
        for (int i = 1; i <= 3; ++i) {
            const std::string* data = nullptr;
            for (const auto& tensor : file.graph().initializer())
                if (tensor.name() == node->input(i))
                    data = &tensor.raw_data();
            const auto original = b.read().initializers.at(i == 1 ? w : i == 2 ? r : bias).values;
            QVERIFY(data && data->size() == original->bytes().size());
            QVERIFY(std::equal(data->begin(), data->end(),
                               reinterpret_cast<const char*>(original->bytes().data())));
        }
        QCOMPARE(file.graph().input(0).type().tensor_type().shape().dim_size(), 3);
    }

    /// Samples that depend on each other are one run, which predicts and does not train.
    void mixedSamplesAreAWholeRun() {
        ModelBuilder b(17);
        const auto x = b.input("x", {4});
        auto y = b.node("Softmax", {x}, "over");
        b.set("axis", std::int64_t{0});
        b.output(y);
        b.fixBatch(3);
        const auto made = opened(b);
        QVERIFY(made.isWholeRun);
        QCOMPARE(made.mixing.size(), std::size_t{1});
        QCOMPARE(made.mixing[0].node, std::string("over"));
        QCOMPARE(made.mixing[0].op, std::string("Softmax"));
        QVERIFY(!made.mixing[0].reason.empty());
        const auto given = answers(made, {1, 3, 4});
        for (std::size_t column = 0; column < 4; ++column)
            QVERIFY(qAbs(given[column] + given[column + 4] + given[column + 8] - 1) < 1e-6F);
        const auto network = made.network;
        const auto analysis = analyze(network);
        const auto found = diagnoseTraining(network, analysis, {}, {});
        QVERIFY(std::ranges::any_of(found, [](const Diagnostic& diagnostic) {
            return diagnostic.severity == Severity::Error &&
                   diagnostic.message.find("predicts and does not train") != std::string::npos;
        }));
    }

    /// Nodes that give on the value that they read, in front of one that computes.
    void nodesThatChangeNothingAreKept() {
        ModelBuilder b(17);
        const auto same = b.node("Cast", {b.input("x", {4})}, "same");
        b.set("to", std::int64_t{1}); // float32, which it is
        const auto y = b.node("Softmax", {b.node("Identity", {same}, "alias")}, "over");
        b.set("axis", std::int64_t{0});
        b.output(b.node("Cast", {y}, "last"));
        b.set("to", std::int64_t{1});
        b.fixBatch(3);
        const auto made = opened(b);
        QVERIFY(made.isWholeRun);
        const auto given = answers(made, {1, 3, 4});
        for (std::size_t column = 0; column < 4; ++column)
            QVERIFY(qAbs(given[column] + given[column + 4] + given[column + 8] - 1) < 1e-6F);
    }

    void sumsAndRepetitionsWithinSamplesKeepThemApart() {
        const auto value = [](std::int64_t i) { return static_cast<float>((i * 7) % 11) - 4; };
        ModelBuilder sums(17);
        sums.output(sums.node("CumSum", {sums.input("x", {3, 2}), sums.integers({1})}, "sum"));
        const auto summed = opened(sums);
        QVERIFY(!summed.isWholeRun);
        const auto totals = answers(summed, {2, 3, 2});
        QCOMPARE(totals.size(), std::size_t{12});
        for (std::int64_t i = 0; i < 12; ++i) {
            float expected = 0;
            for (std::int64_t j = i; j >= i / 6 * 6; j -= 2)
                expected += value(j);
            QCOMPARE(totals[static_cast<std::size_t>(i)], expected);
        }

        ModelBuilder tiles(17);
        tiles.output(tiles.node("Tile", {tiles.input("x", {3}), tiles.integers({1, 2})}, "twice"));
        const auto tiled = opened(tiles);
        QVERIFY(!tiled.isWholeRun);
        const auto repeated = answers(tiled, {2, 3});
        QCOMPARE(repeated.size(), std::size_t{12});
        for (std::int64_t i = 0; i < 12; ++i)
            QCOMPARE(repeated[static_cast<std::size_t>(i)], value(i / 6 * 3 + i % 3));
    }

    /// (Σ|x|^p)^(1/p); the attribute is a whole number since operator set 2.
    void powersArePooled() {
        const auto value = [](int i) { return std::abs(static_cast<double>((i * 7) % 11) - 4); };
        for (const std::int64_t p : {1, 2, 3}) {
            const auto norm = [&](int first, int count) {
                double sum = 0;
                for (int i = first; i < first + count; ++i)
                    sum += std::pow(value(i), static_cast<double>(p));
                return std::pow(sum, 1 / static_cast<double>(p));
            };
            ModelBuilder all(17);
            all.output(all.node("GlobalLpPool", {all.input("x", {2, 4})}, "all"));
            all.set("p", p);
            const auto rows = answers(opened(all), {2, 2, 4});
            QCOMPARE(rows.size(), std::size_t{4});
            for (int row = 0; row < 4; ++row)
                QVERIFY(qAbs(rows[static_cast<std::size_t>(row)] - norm(4 * row, 4)) < 1e-5);

            ModelBuilder pairs(17);
            pairs.output(pairs.node("LpPool", {pairs.input("x", {2, 4})}, "pairs"));
            pairs.set("p", p)
                .set("kernel_shape", std::vector<std::int64_t>{2})
                .set("strides", std::vector<std::int64_t>{2});
            const auto pooled = answers(opened(pairs), {2, 2, 4});
            QCOMPARE(pooled.size(), std::size_t{8});
            for (int pair = 0; pair < 8; ++pair)
                QVERIFY(qAbs(pooled[static_cast<std::size_t>(pair)] - norm(2 * pair, 2)) < 1e-5);
        }
    }

    /// What is too much to compare is refused before it is computed.
    void scatteringIsBounded() {
        ModelBuilder b(17);
        const auto x = b.input("x", {4096, 4});
        const auto places = b.input("places", {8192, 2}, 7);
        b.output(b.node("ScatterND", {x, places, b.input("values", {8192})}, "put"));
        for (auto& input : *b.proto().mutable_graph()->mutable_input())
            input.mutable_type()
                ->mutable_tensor_type()
                ->mutable_shape()
                ->mutable_dim()
                ->DeleteSubrange(0, 1);
        const auto made = importOnnx(b.read(), {.nodes = true});
        QCOMPARE(made.unable.size(), std::size_t{1});
        const auto reason = messageOf([&] { return lower(made.network).ops().size(); });
        QVERIFY2(reason.contains("8192 values into 16384 rows"), qPrintable(reason));
    }

    /// It is shown and written back, and says what it lacks where it is to run.
    void whatNoOpComputesIsKept() {
        ModelBuilder b(17);
        b.output(b.node("NonZero", {b.input("x", {4})}, "places"));
        const auto made = importOnnx(b.read(), {.nodes = true});
        QVERIFY(made.problems.empty());
        QCOMPARE(made.unable.size(), std::size_t{1});
        QVERIFY(made.network.main.findByName("places"));
        const auto message = messageOf([&] { return lower(made.network).ops().size(); });
        QVERIFY2(message.contains("no op computes NonZero"), qPrintable(message));
    }

    void loopsWithoutAnEndAreRefused() {
        ModelBuilder b(17);
        b.output(b.node("Loop", {b.input("trips", {1}, 7)}, "repeat"));
        QVERIFY(messageOf([&] {
                    return opened(b).notes;
                }).contains("its number of iterations is computed from the sample"));
    }

    /// The branch that a constant condition takes stands for the node.
    void constantBranchesAreTaken() {
        ModelBuilder b(17);
        const auto x = b.input("x", {4});
        const auto condition = b.scalar(1);
        b.proto().mutable_graph()->mutable_initializer(0)->set_data_type(9);
        b.proto().mutable_graph()->mutable_initializer(0)->clear_int64_data();
        b.proto().mutable_graph()->mutable_initializer(0)->set_raw_data(std::string(1, '\1'));
        const auto y = b.node("If", {condition}, "choice");
        auto& node = *b.proto().mutable_graph()->mutable_node(0);
        for (const auto* name : {"then_branch", "else_branch"}) {
            auto& attribute = *node.add_attribute();
            attribute.set_name(name);
            attribute.set_type(onnx_format::AttributeProto::GRAPH);
            auto& inner = *attribute.mutable_g()->add_node();
            inner.set_op_type(std::string(name) == "then_branch" ? "Neg" : "Exp");
            inner.add_input(x);
            inner.add_output(std::string(name) + "/out");
            attribute.mutable_g()->add_output()->set_name(std::string(name) + "/out");
        }
        b.output(y);
        const auto given = answers(opened(b), {1, 4});
        QCOMPARE(given, (std::vector<float>{4, -3, 1, -6}));
    }

    /// A function of the model stands where it is called, with the call's attributes.
    void functionsAreInlined() {
        ModelBuilder b(17);
        const auto x = b.input("x", {3});
        b.output(b.node("Leak", {x}, "leak"));
        b.set("slope", 0.25);
        auto& model = b.proto();
        model.mutable_graph()->mutable_node(0)->set_domain("local");
        auto& function = *model.add_functions();
        function.set_name("Leak");
        function.set_domain("local");
        function.add_input("a");
        function.add_output("b");
        function.add_attribute("slope");
        auto& inner = *function.add_node();
        inner.set_op_type("LeakyRelu");
        inner.add_input("a");
        inner.add_output("b");
        auto& attribute = *inner.add_attribute();
        attribute.set_name("alpha");
        attribute.set_ref_attr_name("slope");
        attribute.set_type(onnx_format::AttributeProto::FLOAT);
        QCOMPARE(answers(opened(b), {1, 3}), (std::vector<float>{-1, 3, -0.25F}));
        inner.set_op_type("Leak");
        inner.set_domain("local");
        QVERIFY(messageOf([&] { return b.read().nodes.size(); }).contains("calls itself"));
    }
};

QTEST_APPLESS_MAIN(OnnxKeptTest)
#include "tst_onnx_kept.moc"
