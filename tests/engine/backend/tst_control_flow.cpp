// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/ops/control_flow.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

const ValueType kNumber = ValueType::of({1});
const ValueType kTruth = ValueType::of({}, DType::Bool);
const ValueType kIteration = ValueType::of({}, DType::I64);
const ValueType kPair{Shape{2}};

Tensor row(const std::vector<float>& values) {
    return Tensor::of<float>({static_cast<std::int64_t>(values.size())}, std::span(values));
}

ValueId number(OpGraph& graph, float value) {
    return graph.addConstant(row({value}), "number");
}

ValueId truth(OpGraph& graph, bool value) {
    const float asNumber = value ? 1 : 0;
    return graph.addConstant(
        Tensor::of<float>({}, std::span<const float>(&asNumber, 1)).to(DType::Bool), "truth");
}

/// x → factor · x + shift.
OpGraph line(double factor, double shift, const ValueType& type = kPair) {
    OpGraph body;
    const auto x = body.addInput("x", type);
    body.addOutput("y", body.add(UnaryOp{UnaryKind::Linear, factor, shift}, {x}, "line"));
    return body;
}

/// (iteration, condition, a, limit) → (a·w < limit, a·w): a weight of its own, shared by all
/// iterations. a and limit are single numbers.
OpGraph growing(bool isComputed) {
    OpGraph body;
    body.addInput("iteration", kIteration);
    const auto condition = body.addInput("condition", kTruth);
    const auto a = body.addInput("a", kNumber);
    const auto limit = body.addInput("limit", kNumber);
    const auto w = body.weightValue(body.addWeight({"w", {1}, {}, {}}));
    const auto product = body.add(BinaryOp{BinaryKind::Multiply}, {a, w}, "product");
    body.addOutput("condition",
                   isComputed ? body.add(CompareOp{Comparison::Less}, {product, limit}, "less")
                              : condition);
    body.addOutput("a", product);
    return body;
}

struct Step {
    std::vector<double> outputs;  ///< all, one after the other
    std::vector<double> gradient; ///< of the first weight
};

/// A step with the graph's weights all `weight`; with a loss, its gradient, too.
Step run(const Backend& backend, const OpGraph& graph, Precision precision,
         const std::vector<std::vector<float>>& inputs, float weight = 1) {
    const bool trains = !graph.losses().empty();
    const auto program = backend.compile(
        graph,
        {.batch = 1, .precision = precision, .mode = trains ? Mode::Training : Mode::Inference});
    for (std::uint32_t i = 0; i < graph.weights().size(); ++i) {
        Tensor values(DType::F32, graph.weights()[i].shape);
        std::ranges::fill(values.span<float>(), weight);
        program->weights()->write(WeightId{i}, values);
    }
    std::vector<BatchInput> bound;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        bound.push_back({graph.inputs()[i].value, inputs[i].data()});
    program->forward(bound);
    Step step;
    for (const auto& output : graph.outputs()) {
        const auto values = program->read(output.value).to(DType::F64);
        step.outputs.insert(step.outputs.end(), values.span<double>().begin(),
                            values.span<double>().end());
    }
    if (trains) {
        program->backward();
        const auto gradient = program->weights()->readGradient(WeightId{0}).to(DType::F64);
        step.gradient.assign(gradient.span<double>().begin(), gradient.span<double>().end());
    }
    return step;
}

bool isNear(const std::vector<double>& a, const std::vector<double>& b) {
    return std::ranges::equal(
        a, b, [](double x, double y) { return std::abs(x - y) <= 1e-6 * (1 + std::abs(y)); });
}

/// Compares both backends with what is expected.
void check(const OpGraph& graph, const std::vector<std::vector<float>>& inputs,
           const std::vector<double>& outputs, const std::vector<double>& gradient = {},
           float weight = 1) {
    const auto compare = [&](const Backend& backend, Precision precision) {
        const auto step = run(backend, graph, precision, inputs, weight);
        QVERIFY2(isNear(step.outputs, outputs), backend.key().c_str());
        QVERIFY2(isNear(step.gradient, gradient), backend.key().c_str());
    };
    compare(*makeReferenceBackend(), Precision::F64);
    compare(*makeOneDnnBackend(), Precision::F32);
}

/// y² as the objective, of a single number.
void square(OpGraph& graph, ValueId y) {
    const auto perSample = graph.add(ExpandOp{{Dim::batch(), 1}}, {y}, "per sample");
    const auto zero = graph.addInput("zero", {Shape{1}});
    graph.addLoss(graph.add(MeanSquaredErrorOp{}, {perSample, zero}, "loss"), 1.0);
}

} // namespace

/// Branches and loops as graph building: what they compute, and their gradients.
class ControlFlowTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void inliningCopiesOpsConstantsAndWeights() {
        OpGraph body;
        const auto x = body.addInput("x", kPair);
        const auto weight = body.addWeight({"w", {2}, {}, {}});
        const auto scaled =
            body.add(BinaryOp{BinaryKind::Multiply}, {x, body.weightValue(weight)}, "scaled");
        const auto shifted =
            body.add(BinaryOp{}, {scaled, body.addConstant(row({5, 6}), "shift")}, "shifted");
        body.addOutput("y", shifted);
        body.addOutput("x", x);

        OpGraph graph;
        const auto a = graph.addInput("a", kPair);
        const auto first = inlineGraph(graph, body, {a}, "first/");
        const auto second = inlineGraph(graph, body, {first[0]}, "second/");
        QVERIFY(first[1] == a);
        QCOMPARE(graph.weights().size(), std::size_t{1}); // shared by its key
        QCOMPARE(graph.ops().back().path, std::string("second/shifted"));
        graph.addOutput("y", second[0]);
        check(graph, {{1, 2}}, {3 * (3 * 1 + 5) + 5, 3 * (3 * 2 + 6) + 6}, {}, 3);
    }

    void whatDoesNotFitIsRefused() {
        OpGraph graph;
        const auto x = graph.addInput("x", kPair);
        const auto body = line(2, 0);
        QCOMPARE(messageOf([&] { inlineGraph(graph, body, {}, "here"); }),
                 "the graph at here takes 1 inputs, not 0");
        const auto other = graph.addInput("other", {Shape{3}});
        QCOMPARE(messageOf([&] { inlineGraph(graph, body, {other}, "here"); }),
                 "the graph at here takes N×2 of F32 as \"x\", not N×3 of F32");
        QCOMPARE(messageOf([&] {
                     ifElse(graph, x, {body, {x}}, {body, {x}}, "choice");
                 }),
                 "the condition of the if at choice must be one truth value, not N×2 of F32");
        const auto isPositive = graph.add(CompareOp{Comparison::Less},
                                          {number(graph, 0), graph.addInput("n", kNumber)}, "less");
        const auto longer = line(1, 0, {Shape{3}});
        QCOMPARE(messageOf([&] {
                     ifElse(graph, isPositive, {body, {x}}, {longer, {other}}, "choice");
                 }),
                 "the branches of the if at choice give N×2 of F32 and N×3 of F32 as output 0");
        const auto loopBody = growing(true);
        const auto a = number(graph, 1);
        QCOMPARE(messageOf([&] {
                     loop(graph, {loopBody, 100'000, {a}, {a}}, "long");
                 }),
                 "the loop at long would become 100000 times 2 op(s), and at most 100000 are "
                 "unrolled");
        QCOMPARE(messageOf([&] {
                     loop(graph, {body, 2, {}, {x}}, "loop");
                 }),
                 "the body of the loop at loop takes the iteration and a condition first");
    }

    void aConditionChooses() {
        OpGraph graph;
        const auto x = graph.addInput("x", kPair);
        const auto n = graph.addInput("n", ValueType::of({1}));
        const auto isPositive =
            graph.add(CompareOp{Comparison::Less}, {number(graph, 0), n}, "less");
        const auto twice = line(2, 1);
        const auto half = line(0.5, -1);
        graph.addOutput("y", ifElse(graph, isPositive, {twice, {x}}, {half, {x}}, "choice")[0]);
        check(graph, {{3, 4}, {1}}, {7, 9});
        check(graph, {{3, 4}, {-1}}, {0.5, 1});
    }

    void aConstantConditionInlinesOneBranch() {
        for (const bool holds : {true, false}) {
            OpGraph graph;
            const auto x = graph.addInput("x", kPair);
            const auto twice = line(2, 1);
            const auto other = line(1, 0, {Shape{3}}); // would not fit
            const auto elsewhere = graph.addInput("elsewhere", {Shape{3}});
            const Branch right{twice, {x}};
            const Branch wrong{other, {elsewhere}};
            const auto made = ifElse(graph, truth(graph, holds), holds ? right : wrong,
                                     holds ? wrong : right, "choice");
            QCOMPARE(graph.ops().size(), std::size_t{1});
            graph.addOutput("y", made[0]);
            check(graph, {{3, 4}, {0, 0, 0}}, {7, 9});
        }
    }

    /// a·w³, whose square has the gradient 6·a²·w⁵.
    void aLoopSharesItsWeights() {
        OpGraph graph;
        const auto body = growing(false);
        const auto a = number(graph, 0.5F);
        const auto made = loop(graph, {body, 3, {a}, {a}}, "loop");
        QCOMPARE(graph.ops().size(), std::size_t{3}); // no masks
        graph.addOutput("y", made.carried[0]);
        square(graph, made.carried[0]);
        check(graph, {{0}}, {0.5 * 8}, {6 * 0.25 * 32}, 2);
    }

    /// Doubled until it is 10 or more: 3·w² = 12, whatever comes later; 2·9·4·w³ of the gradient.
    void aComputedConditionEndsTheLoop() {
        OpGraph graph;
        const auto body = growing(true);
        const auto a = number(graph, 3);
        const auto limit = number(graph, 10);
        const auto made = loop(graph, {body, 6, {a}, {limit}}, "loop");
        graph.addOutput("y", made.carried[0]);
        square(graph, made.carried[0]);
        check(graph, {{0}}, {12}, {2.0 * 9 * 2 * 8}, 2);
        // The limit is not reached in six iterations.
        check(graph, {{0}}, {3 * std::pow(1.1, 6)}, {12 * 9 * std::pow(1.1, 11)}, 1.1F);
    }

    void aFirstConditionMayForbidAll() {
        OpGraph graph;
        const auto body = growing(false);
        const auto a = number(graph, 3);
        const auto n = graph.addInput("n", ValueType::of({1}));
        const auto isPositive =
            graph.add(CompareOp{Comparison::Less}, {number(graph, 0), n}, "less");
        graph.addOutput("masked", loop(graph, {body, 2, {a}, {a}, isPositive}, "loop").carried[0]);
        graph.addOutput("never",
                        loop(graph, {body, 2, {a}, {a}, truth(graph, false)}, "none").carried[0]);
        check(graph, {{-1}}, {3, 3}, {}, 2);
        check(graph, {{1}}, {12, 3}, {}, 2);
    }

    /// The iteration's number is a constant of each; what is collected is stacked.
    void aLoopCollects() {
        OpGraph body;
        const auto iteration = body.addInput("iteration", ValueType::of({1}, DType::I64));
        const auto condition = body.addInput("condition", kTruth);
        const auto sum = body.addInput("sum", kPair);
        const auto place = body.add(CastOp{DType::F32}, {iteration}, "place");
        const auto next = body.add(BinaryOp{}, {sum, place}, "next");
        body.addOutput("condition", condition);
        body.addOutput("sum", next);
        body.addOutput("collected", next);
        OpGraph graph;
        const auto x = graph.addInput("x", kPair);
        const auto made = loop(graph, {body, 4, {x}}, "loop");
        QVERIFY(graph.type(made.scanned[0]).dims == (Dims{4, Dim::batch(), 2}));
        graph.addOutput("sum", made.carried[0]);
        graph.addOutput("collected", made.scanned[0]);
        check(graph, {{1, 2}}, {7, 8, 1, 2, 2, 3, 4, 5, 7, 8});

        QCOMPARE(messageOf([&] {
                     loop(graph, {body, 4, {x}, {}, truth(graph, false)}, "never");
                 }),
                 "the loop at never runs no iteration, so what it collects would be empty");
        const auto n = graph.addInput("n", kNumber);
        const auto isPositive =
            graph.add(CompareOp{Comparison::Less}, {number(graph, 0), n}, "less");
        QCOMPARE(messageOf([&] {
                     loop(graph, {body, 4, {x}, {}, isPositive}, "open");
                 }),
                 "how often the loop at open runs depends on values, so the length of what it "
                 "collects is not known");
    }

    /// (s, x) → (s + x, s·x) along three steps of a sequence [3, 2].
    void aScanRunsAlongSequences() {
        OpGraph body;
        const auto pair = ValueType::of({2});
        const auto state = body.addInput("state", pair);
        const auto x = body.addInput("x", pair);
        body.addOutput("state", body.add(BinaryOp{}, {state, x}, "sum"));
        body.addOutput("y", body.add(BinaryOp{BinaryKind::Multiply}, {state, x}, "product"));
        OpGraph graph;
        const auto first = graph.addInput("first", pair);
        const auto sequence = graph.addInput("sequence", ValueType::of({3, 2}));
        const auto made = scan(graph, {body, {first}, {sequence}}, "scan");
        graph.addOutput("state", made.carried[0]);
        graph.addOutput("y", made.scanned[0]);
        check(graph, {{1, 2}, {3, 4, 5, 6, 7, 8}}, {16, 20, 3, 8, 20, 36, 63, 96});
        QCOMPARE(messageOf([&] {
                     scan(graph, {body, {first}, {sequence, first}}, "scan");
                 }),
                 "the sequences of the scan at scan have 3 and 2 steps");
        // Refused before it is cut into a value for each step.
        const auto ops = graph.ops().size();
        const auto endless = graph.addInput("endless", ValueType::of({1'000'000, 2}));
        QCOMPARE(messageOf([&] {
                     scan(graph, {body, {first}, {endless}}, "scan");
                 }),
                 "the loop at scan would become 1000000 times 2 op(s), and at most 100000 are "
                 "unrolled");
        QCOMPARE(graph.ops().size(), ops);
    }

    /// A loop whose body has a loop and a choice: twice, a → w·w·a, then + 1 where that is below
    /// 10, else - 1. From 1 with w = 2: 4 + 1 = 5, then 20 - 1 = 19. y = w⁴ + w² - 1 has the slope
    /// 4·w³ + 2·w = 36, and its square 2·19·36.
    void theyNest() {
        OpGraph inner;
        const auto a = inner.addInput("a", kNumber);
        const auto w = inner.weightValue(inner.addWeight({"w", {1}, {}, {}}));
        inner.addOutput("y", inner.add(BinaryOp{BinaryKind::Multiply}, {a, w}, "times"));
        OpGraph repeated;
        repeated.addInput("iteration", kIteration);
        const auto goesOn = repeated.addInput("condition", kTruth);
        const auto b = repeated.addInput("b", kNumber);
        repeated.addOutput("condition", goesOn);
        repeated.addOutput("b", inlineGraph(repeated, inner, {b}, "inner/")[0]);
        OpGraph body;
        body.addInput("iteration", kIteration);
        const auto condition = body.addInput("condition", kTruth);
        const auto c = body.addInput("c", kNumber);
        const auto powered = loop(body, {repeated, 2, {c}}, "powers").carried[0];
        const auto isSmall =
            body.add(CompareOp{Comparison::Less}, {powered, number(body, 10)}, "small");
        const auto more = line(1, 1, kNumber);
        const auto less = line(1, -1, kNumber);
        const auto shifted = ifElse(body, isSmall, {more, {powered}}, {less, {powered}}, "choice");
        body.addOutput("condition", condition);
        body.addOutput("c", shifted[0]);
        OpGraph graph;
        const auto made = loop(graph, {body, 2, {number(graph, 1)}}, "outer");
        graph.addOutput("y", made.carried[0]);
        square(graph, made.carried[0]);
        check(graph, {{0}}, {19}, {2 * 19 * 36}, 2);
    }
};

QTEST_APPLESS_MAIN(ControlFlowTest)
#include "tst_control_flow.moc"
