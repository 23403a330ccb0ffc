// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/differentiate.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/fuse_elementwise.h"
#include "engine/passes/program_graph.h"
#include "engine/passes/verify.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <fmt/format.h>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr Activation kSigmoid{ActivationKind::Sigmoid};

UnaryOp unary(UnaryKind kind) {
    return {kind};
}
BinaryOp binary(BinaryKind kind) {
    return {kind};
}

/// A graph whose ops belong to one layer, unless another is named.
struct Ops {
    OpGraph graph;

    ValueId input(const char* name, const Shape& shape = {6}, DType type = DType::F32) {
        return graph.addInput(name, {shape, type});
    }
    ValueId add(OpAttributes attributes, std::vector<ValueId> inputs, const char* path = "layer") {
        return graph.add(std::move(attributes), std::move(inputs), path);
    }
    ValueId dense(ValueId x, const char* path = "dense") {
        const auto weight = graph.addWeight({std::string(path) + "/weight", {6, 6}, {}, {}});
        return graph.add(DenseOp{.units = 6, .bias = false}, {x}, path, {weight});
    }
    void result(ValueId value) {
        graph.addOutput(fmt::format("y{}", graph.outputs().size()), value);
    }
    /// Fuses, checks that the graph is whole, and returns how many fused ops there are.
    std::size_t fuse() {
        const auto count = fuseElementwise(graph);
        verify(graph, "fuseElementwise");
        return count;
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& op : graph.ops())
            names.push_back((op.isBackward ? "d " : "") + std::string(nameOf(op.attributes)));
        return names;
    }
    [[nodiscard]] std::vector<std::string> formulas(bool isBackward = false) const {
        std::vector<std::string> formulas;
        for (const auto& op : graph.ops())
            if (const auto* fused = std::get_if<FusedOp>(&op.attributes);
                fused && op.isBackward == isBackward)
                formulas.push_back(formulaOf(*fused));
        return formulas;
    }
};

using Texts = std::vector<std::string>;

/// dense → x · sigmoid(x) at "layer" → dense → mean squared error.
Ops swishNet() {
    Ops net;
    const auto x = net.dense(net.input("x"), "first");
    const auto s = net.add(ActivationOp{kSigmoid}, {x});
    const auto y = net.dense(net.add(binary(BinaryKind::Multiply), {x, s}), "second");
    const auto target = net.input("t");
    net.result(y);
    net.graph.addLoss(net.graph.add(MeanSquaredErrorOp{}, {y, target}, "loss"), 1.0);
    return net;
}

} // namespace

/// On graphs alone: no backend is in sight.
class FuseElementwiseTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aChainBecomesOneOp() {
        Ops ops;
        const auto x = ops.input("x");
        const auto e = ops.add(UnaryOp{UnaryKind::Exponential, 2, -1}, {x});
        const auto y = ops.add(binary(BinaryKind::Multiply), {e, x});
        ops.result(y);
        QCOMPARE(ops.fuse(), std::size_t{1});
        QCOMPARE(ops.formulas(), Texts{"(2 * exp(a) - 1) * a"});
        const auto& op = ops.graph.ops()[0];
        QVERIFY(op.inputs == std::vector{x});
        QVERIFY(op.outputs == std::vector{y}); // under the number that callers know
        QCOMPARE(op.path, std::string("layer"));
        QVERIFY(ops.graph.producerOf(y) == &op);
        QCOMPARE(ops.graph.operationsOf(op), std::int64_t{12}); // as many as of the two
        QCOMPARE(ops.fuse(), std::size_t{0});
    }

    void aDiamondHasOneInputAndOneResult() {
        Ops ops;
        const auto x = ops.input("x");
        const auto e = ops.add(unary(UnaryKind::Exponential), {x});
        const auto left = ops.add(unary(UnaryKind::Sine), {e});
        const auto right = ops.add(unary(UnaryKind::Cosine), {e});
        ops.result(ops.add(binary(BinaryKind::Subtract), {left, right}));
        QCOMPARE(ops.fuse(), std::size_t{1});
        QCOMPARE(ops.names(), Texts{"fused"});
        QCOMPARE(ops.formulas(), Texts{"t1 = exp(a); sin(t1) - cos(t1)"});
    }

    void whatOthersReadIsAResult() {
        Ops ops;
        const auto x = ops.input("x");
        const auto e = ops.add(unary(UnaryKind::Exponential), {x});
        const auto y = ops.add(unary(UnaryKind::Sine), {e});
        const auto z = ops.add(unary(UnaryKind::Absolute), {y});
        ops.result(z);
        ops.result(ops.dense(e));
        QCOMPARE(ops.fuse(), std::size_t{1});
        QCOMPARE(ops.names(), (Texts{"fused", "dense"}));
        QVERIFY(ops.graph.ops()[0].outputs == (std::vector{e, z}));
        QVERIFY(ops.graph.ops()[1].inputs == std::vector{e});
        QCOMPARE(ops.formulas(), Texts{"t1 = exp(a); t2 = abs(sin(t1))"});
    }

    /// Outputs of the graph that others compute with, too.
    void resultsInTheMiddleStay() {
        Ops ops;
        const auto x = ops.input("x");
        const auto e = ops.add(unary(UnaryKind::Exponential), {x});
        const auto y = ops.add(unary(UnaryKind::Sine), {e});
        ops.result(e);
        ops.result(y);
        QCOMPARE(ops.fuse(), std::size_t{1});
        QVERIFY(ops.graph.ops()[0].outputs == (std::vector{e, y}));
        QVERIFY(ops.graph.output("y0") == e && ops.graph.output("y1") == y);
    }

    void smallerShapesAreInputs() {
        Ops ops;
        const auto x = ops.input("x", {4, 6});
        const auto alpha = ops.graph.weightValue(ops.graph.addWeight({"alpha", {6}, {}, {}}));
        const auto size = ops.add(unary(UnaryKind::Absolute), {alpha}); // of another shape
        const auto scaled = ops.add(binary(BinaryKind::Multiply), {x, size});
        ops.result(ops.add(binary(BinaryKind::Maximum), {scaled, x}));
        QCOMPARE(ops.fuse(), std::size_t{1});
        QCOMPARE(ops.names(), (Texts{"abs", "fused"}));
        QVERIFY(ops.graph.ops()[1].inputs == (std::vector{x, size}));
        QCOMPARE(ops.formulas(), Texts{"maximum((a * b), a)"});
    }

    /// Values that are read together are read once.
    void readersOfOneValueMeet() {
        Ops ops;
        const auto x = ops.input("x");
        const auto left = ops.add(unary(UnaryKind::Sine), {x});
        const auto right = ops.add(unary(UnaryKind::Cosine), {x});
        ops.result(ops.dense(left, "l"));
        ops.result(ops.dense(right, "r"));
        QCOMPARE(ops.fuse(), std::size_t{1});
        QVERIFY(ops.graph.ops()[0].outputs == (std::vector{left, right}));
    }

    void aPathOutAndBackSeparates() {
        Ops ops;
        const auto x = ops.input("x");
        const auto e = ops.add(unary(UnaryKind::Exponential), {x});
        const auto far = ops.dense(e);
        ops.result(ops.add(binary(BinaryKind::Add), {e, far}));
        QCOMPARE(ops.fuse(), std::size_t{0});
        QCOMPARE(ops.names(), (Texts{"exp", "dense", "sum"}));
    }

    /// Each of the two groups is fine; as two ops they would wait for each other.
    void twoGroupsDoNotWaitForEachOther() {
        Ops ops;
        const auto x = ops.input("x");
        const auto y = ops.input("y");
        const auto a = ops.add(unary(UnaryKind::Exponential), {x}, "p");
        const auto c = ops.add(unary(UnaryKind::Sine), {y}, "q");
        ops.result(ops.add(binary(BinaryKind::Multiply), {a, y}, "q"));
        ops.result(ops.add(binary(BinaryKind::Multiply), {c, x}, "p"));
        QCOMPARE(ops.fuse(), std::size_t{1});
        QCOMPARE(ops.graph.ops().size(), std::size_t{3});
    }

    void whatStandsBetweenMovesBehind() {
        Ops ops;
        const auto x = ops.input("x");
        const auto e = ops.add(unary(UnaryKind::Exponential), {x});
        const auto behind = ops.dense(e, "behind");
        const auto before = ops.dense(x, "before");
        const auto y = ops.add(binary(BinaryKind::Add), {e, before});
        ops.result(behind);
        ops.result(y);
        QCOMPARE(ops.fuse(), std::size_t{1});
        QCOMPARE(ops.graph.ops()[0].path, std::string("before"));
        QCOMPARE(ops.graph.ops()[1].path, std::string("layer"));
        QCOMPARE(ops.graph.ops()[2].path, std::string("behind"));
    }

    void integersAndTruthValues() {
        Ops ops;
        const auto x = ops.input("x");
        const auto y = ops.input("y");
        const auto classes = ops.input("k", {6}, DType::I32);
        const auto isLess = ops.add(CompareOp{Comparison::Less}, {x, y});
        const auto isClass =
            ops.add(CompareOp{Comparison::Equal}, {ops.add(CastOp{DType::F32}, {classes}), x});
        const auto both = ops.add(LogicOp{LogicKind::Or}, {isLess, isClass});
        const auto chosen = ops.add(WhereOp{}, {both, x, y});
        ops.result(chosen);
        ops.result(both);
        QCOMPARE(ops.fuse(), std::size_t{1});
        const auto& op = ops.graph.ops()[0];
        QVERIFY(op.outputs == (std::vector{both, chosen}));
        QVERIFY(ops.graph.type(both).element == DType::Bool);
        QVERIFY(ops.graph.type(chosen).element == DType::F32);
        QCOMPARE(ops.formulas(), Texts{"t1 = or(less(a, b), equal(cast(c), a)); "
                                       "t2 = where(t1, a, b)"});
    }

    /// What a cast to integers makes depends on the type that it comes from.
    void castsToIntegersStayAlone() {
        Ops ops;
        const auto whole = ops.add(CastOp{DType::I32}, {ops.input("x")});
        ops.result(ops.add(CastOp{DType::F32}, {whole}));
        QCOMPARE(ops.fuse(), std::size_t{0});
    }

    /// What backends have code of their own for.
    void builtInLayersStayAlone() {
        Ops ops;
        const auto x = ops.dense(ops.input("x"));
        const auto relu = ops.add(ActivationOp{{ActivationKind::Relu}}, {x});
        const auto tanh = ops.add(ActivationOp{{ActivationKind::Tanh}}, {relu});
        ops.result(ops.add(AddOp{}, {relu, tanh}));
        QCOMPARE(ops.fuse(), std::size_t{0});
        QCOMPARE(ops.names(), (Texts{"dense", "activation", "activation", "add"}));
    }

    void aSingleOpStaysAlone() {
        Ops ops;
        ops.result(ops.add(unary(UnaryKind::Exponential), {ops.dense(ops.input("x"))}));
        QCOMPARE(ops.fuse(), std::size_t{0});
    }

    /// Costs, reports and errors are told by layer.
    void layersStayApart() {
        Ops ops;
        const auto e = ops.add(unary(UnaryKind::Exponential), {ops.input("x")}, "one");
        ops.result(ops.add(unary(UnaryKind::Sine), {e}, "two"));
        QCOMPARE(ops.fuse(), std::size_t{0});
        Ops relu;
        const auto r = relu.add(ActivationOp{{ActivationKind::Relu}}, {relu.input("x")}, "relu");
        relu.result(relu.add(unary(UnaryKind::Exponential), {r}));
        QCOMPARE(relu.fuse(), std::size_t{0});
    }

    void forwardAndBackwardAreFusedAlike() {
        auto net = swishNet();
        net.graph = programGraph(std::move(net.graph), Mode::Training);
        QCOMPARE(verified(net.graph), QString("no error"));
        QCOMPARE(net.formulas(), Texts{"t1 = sigmoid(a); t2 = a * t1"});
        // The sum of x's gradients has the name of the layer that made x.
        QCOMPARE(net.formulas(true), Texts{"(a * b) + ((a * c) * sigmoid'(c))"});
        const auto names = net.names();
        QVERIFY(std::ranges::find(names, "d activation") == names.end());
        QVERIFY(std::ranges::find(names, "d add") == names.end());
        for (const auto& op : net.graph.ops())
            if (std::holds_alternative<FusedOp>(op.attributes))
                QCOMPARE(op.path, std::string("layer"));
        // It still is the gradient of x.
        const auto fused = std::ranges::find_if(net.graph.ops(), [](const Op& op) {
            return op.isBackward && std::holds_alternative<FusedOp>(op.attributes);
        });
        QVERIFY(net.graph.value(fused->output()).gradientOf.has_value());
    }

    void inferenceKeepsNothingElse() {
        auto net = swishNet();
        net.graph = programGraph(std::move(net.graph), Mode::Inference);
        QCOMPARE(net.formulas(), Texts{"a * sigmoid(a)"});
    }

    /// A fused gradient looks for its op, and a fused activation would be none.
    void anActivationIsFusedWithItsGradientOrNot() {
        auto net = swishNet();
        net.graph = differentiate(std::move(net.graph));
        eliminateDead(net.graph);
        const auto isSlope = [](const Op& op) {
            const auto* gradient = std::get_if<GradientOp>(&op.attributes);
            return gradient && std::holds_alternative<ActivationOp>(gradient->forward->attributes);
        };
        const auto found = std::ranges::find_if(net.graph.ops(), isSlope);
        const auto place = static_cast<std::size_t>(found - net.graph.ops().begin());
        // Between the product that makes it and the sum that reads it: a path out and back.
        const auto attributes = found->attributes;
        auto inputs = found->inputs;
        const ReshapeOp same{net.graph.type(inputs[0]).dims};
        inputs[0] = net.graph.insert(place, same, {inputs[0]}, "elsewhere")[0];
        net.graph.replace(place + 1, attributes, inputs);
        QCOMPARE(net.fuse(), std::size_t{1});
        QVERIFY(net.formulas().empty());
        QCOMPARE(net.formulas(true), Texts{"t1 = a * b; t2 = a * c"});
        QCOMPARE(std::ranges::count(net.names(), "activation"), 1);
        QCOMPARE(std::ranges::count(net.names(), "d activation"), 1);
    }

    void gradientsThatAreReplacedStayResults() {
        static const Pass scale{
            "scale", [](OpGraph& graph, Mode mode) {
                if (mode == Mode::Inference)
                    return;
                const auto [weight, gradient] = graph.gradients()[0];
                const auto half = graph.add(UnaryOp{UnaryKind::Linear, 0.5}, {gradient}, "scale");
                graph.setGradient(
                    weight, graph.add(UnaryOp{UnaryKind::Clip, 1, 0, -1, 1}, {half}, "scale"));
            }};
        auto net = swishNet();
        net.graph = programGraph(std::move(net.graph), Mode::Training, {&scale, 1});
        QCOMPARE(verified(net.graph), QString("no error"));
        const auto gradient = net.graph.gradients()[0].value;
        const auto* op = net.graph.producerOf(gradient);
        QVERIFY(op && op->isBackward && op->path == "scale");
        QCOMPARE(formulaOf(std::get<FusedOp>(op->attributes)),
                 std::string("clip((0.5 * a), -1, 1)"));
    }

    void largeGroupsAreCut() {
        Ops ops;
        auto x = ops.input("x");
        for (int i = 0; i < 60; ++i)
            x = ops.add(unary(UnaryKind::Sine), {x});
        ops.result(x);
        QCOMPARE(ops.fuse(), std::size_t{3});
        for (const auto& op : ops.graph.ops())
            QVERIFY(std::get<FusedOp>(op.attributes).steps.size() <= kMostFusedSteps);

        Ops wide;
        auto sum = wide.input("x");
        for (int i = 0; i < 20; ++i)
            sum =
                wide.add(binary(BinaryKind::Add), {sum, wide.input(fmt::format("x{}", i).c_str())});
        wide.result(sum);
        QVERIFY(wide.fuse() >= 3);
        for (const auto& op : wide.graph.ops())
            QVERIFY(op.inputs.size() <= kMostFusedInputs);
    }

    /// Backends hold the operands of a step in an array.
    void sumsOfManyTermsStayAlone() {
        const auto fusedOf = [](std::size_t terms) {
            Ops ops;
            const auto x = ops.add(unary(UnaryKind::Sine), {ops.input("x")});
            const auto sum = ops.add(AddOp{}, std::vector<ValueId>(terms, x));
            ops.result(ops.add(unary(UnaryKind::Cosine), {sum}));
            return ops.fuse();
        };
        QCOMPARE(fusedOf(kMostFusedTerms), std::size_t{1});
        QCOMPARE(fusedOf(kMostFusedTerms + 1), std::size_t{0});
    }

    void fusedOpsAreNotDifferentiated() {
        Ops ops;
        const auto x = ops.dense(ops.input("x"));
        const FusedOp twice{1, {{unary(UnaryKind::Sine), {0}}, {unary(UnaryKind::Sine), {1}}}, {2}};
        const auto y = ops.add(twice, {x});
        ops.graph.addLoss(ops.add(MeanSquaredErrorOp{}, {y, ops.input("t")}), 1.0);
        QCOMPARE(messageOf([&] { return differentiate(ops.graph); }),
                 QString("ops are fused after differentiation: the gradient of sin(sin(a)) is not "
                         "made"));
    }

    void wrongProgramsAreRefused() {
        const ValueType vector(Shape{6});
        const ValueType row = ValueType::of({1});
        const auto refusal = [](const FusedOp& op, const Types& inputs) {
            return messageOf([&] { return op.outputs(inputs); });
        };
        const ElementStep sine{unary(UnaryKind::Sine), {0}};
        QVERIFY(refusal({1, {sine}, {1}}, {vector}) == "no error");
        QCOMPARE(refusal({1, {{unary(UnaryKind::Sine), {1}}}, {1}}, {vector}),
                 QString("fused: a step reads what is made before it; received N×6"));
        QCOMPARE(refusal({1, {sine}, {0}}, {vector}),
                 QString("fused: a step makes each result; received N×6"));
        QCOMPARE(refusal({1, {sine}, {}}, {vector}), QString("fused: has a result; received N×6"));
        QCOMPARE(refusal({2, {sine, {unary(UnaryKind::Sine), {1}}}, {2}}, {vector, row}),
                 QString("fused: all steps make values of one shape; received N×6, 1"));
        QCOMPARE(refusal({2, {sine}, {2}}, {vector}),
                 QString("fused: takes 2 input(s); received N×6"));
    }

private:
    static QString verified(const OpGraph& graph) {
        return messageOf([&] {
            verify(graph, "the test");
            return 0;
        });
    }
};

QTEST_APPLESS_MAIN(FuseElementwiseTest)
#include "tst_fuse_elementwise.moc"
