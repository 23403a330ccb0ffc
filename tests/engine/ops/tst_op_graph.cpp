// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/op_graph.h"
#include "tests/support/message_of.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr Activation kRelu{ActivationKind::Relu};
constexpr Activation kTanh{ActivationKind::Tanh};

/// x → relu → tanh → output.
struct Chain {
    Chain() { graph.addOutput("y", tanh); }

    OpGraph graph;
    ValueId x = graph.addInput("x", {Shape{6}});
    ValueId relu = graph.add(ActivationOp{kRelu}, {x}, "relu");
    ValueId tanh = graph.add(ActivationOp{kTanh}, {relu}, "tanh");
};

/// "relu tanh": the paths of the ops in order.
std::string order(const OpGraph& graph) {
    std::string text;
    for (const auto& op : graph.ops())
        text += (text.empty() ? "" : " ") + op.path;
    return text;
}

template <class Edit>
QString refusal(const Edit& edit) {
    return messageOf([&] {
        edit();
        return 0;
    });
}

} // namespace

class OpGraphTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anOpMayHaveSeveralOutputs() {
        Chain chain;
        const auto pieces = chain.graph.insert(2, SplitOp{1, {2, 1, 3}}, {chain.tanh}, "split");
        QCOMPARE(pieces.size(), std::size_t{3});
        QVERIFY(chain.graph.type(pieces[2]).sample() == Shape{3});
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            QVERIFY(chain.graph.producerOf(pieces[i]) == &chain.graph.ops()[2]);
            QCOMPARE(chain.graph.value(pieces[i]).source->output, i);
        }
        QCOMPARE(refusal([&] {
                     chain.graph.insert(3, SplitOp{1, {2, 2}}, {chain.tanh}, "s");
                 }),
                 "split: the lengths of its 2 pieces must add up to the axis's; received N×6");
    }

    void usesAreKnown() {
        Chain chain;
        const auto sum = chain.graph.add(AddOp{}, {chain.relu, chain.tanh}, "sum");
        const auto uses = chain.graph.usesOf(chain.relu);
        QCOMPARE(uses.size(), std::size_t{2});
        QVERIFY((uses[0] == Use{1, 0}) && (uses[1] == Use{2, 0}));
        QVERIFY(chain.graph.usesOf(sum).empty());
        QVERIFY(chain.graph.isResult(chain.tanh) && !chain.graph.isResult(sum));
        const auto behind = chain.graph.opsBehind({chain.tanh});
        QCOMPARE(behind, (std::vector<bool>{true, true, false}));
    }

    void opsAreInsertedInTheMiddle() {
        Chain chain;
        auto& graph = chain.graph;
        const auto half = graph.insert(1, DropoutOp{}, {chain.relu}, "drop")[0];
        QCOMPARE(order(graph), std::string("relu drop tanh"));
        QVERIFY(graph.producerOf(chain.tanh) == &graph.ops()[2]);
        graph.replace(2, ActivationOp{kTanh}, {half});
        QVERIFY((graph.usesOf(half) == std::vector<Use>{{2, 0}}));
        QCOMPARE(refusal([&] { graph.insert(0, DropoutOp{}, {chain.relu}, "early"); }),
                 "the op at early reads a value of relu that is not made before it");
        QCOMPARE(refusal([&] { graph.replace(0, ActivationOp{kRelu}, {chain.tanh}); }),
                 "the op at relu reads a value of tanh that is not made before it");
        QCOMPARE(refusal([&] {
                     graph.replace(2, DenseOp{4, false}, {half}, {});
                 }),
                 "dense at tanh takes 1 weights, not 0");
        QCOMPARE(refusal([&] {
                     graph.replace(2, SplitOp{1, {3, 3}}, {half});
                 }),
                 "split cannot take the place of activation at tanh: its outputs are others");
    }

    void usesMoveToAnotherValueAndDeadOpsGo() {
        Chain chain;
        auto& graph = chain.graph;
        QCOMPARE(refusal([&] {
                     graph.remove({false, true});
                 }),
                 "activation at tanh cannot be removed: its result is read");
        QCOMPARE(refusal([&] {
                     graph.remove({true, false});
                 }),
                 "activation at relu cannot be removed: its result is read");
        const auto id = graph.ops()[1].id;
        graph.replaceUses(chain.tanh, chain.relu);
        QVERIFY(graph.output("y") == chain.relu);
        graph.remove({false, true});
        QCOMPARE(order(graph), std::string("relu"));
        QVERIFY(!graph.placeOf(id) && !graph.producerOf(chain.tanh));
        const auto other = graph.addInput("other", {Shape{5}});
        QCOMPARE(refusal([&] { graph.replaceUses(chain.relu, other); }),
                 "a value N×5 cannot take the place of N×6");
        const auto late = graph.add(ActivationOp{kTanh}, {chain.relu}, "late");
        QCOMPARE(refusal([&] { graph.replaceUses(chain.x, late); }),
                 "the op at relu reads a value of late that is not made before it");
    }

    void weightsAndConstantsAreValues() {
        OpGraph graph;
        const auto id = graph.addWeight({"scale", {2, 3}, {}, {}, true});
        const auto value = graph.weightValue(id);
        QVERIFY(graph.weightValue(id) == value);
        QCOMPARE(toString(graph.type(value).dims), std::string("2×3"));
        QVERIFY(graph.value(value).weight == id && !graph.value(value).source);
        const auto constant = graph.addConstant(Tensor(DType::F64, {4}), "four");
        QVERIFY(graph.type(constant) == ValueType::of({4}, DType::F64));
        QCOMPARE(graph.value(constant).constant->elements(), 4);
        QCOMPARE(refusal([&] { graph.setGradient(id, constant); }),
                 "the gradient of scale must have its shape 2×3, not 4");
    }

    void anInputGoesWhenNothingReadsIt() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{4}});
        const auto y = graph.addInput("y", {Shape{4}});
        const auto sum = graph.add(AddOp{}, {x, y}, "sum");
        QCOMPARE(refusal([&] { graph.removeInput(y); }),
                 "y cannot be removed from the inputs: it is read");
        graph.replaceUses(y, x);
        graph.removeInput(y);
        QCOMPARE(graph.inputs().size(), 1U);
        QCOMPARE(graph.inputs().front().name, std::string("x"));
        QCOMPARE(refusal([&] { graph.removeInput(sum); }),
                 "sum cannot be removed from the inputs: it is none");
    }

    void runsOfOpsBecomeOne() {
        Chain chain;
        const auto tanh = chain.tanh;
        const FusedOp both{1, {{ActivationOp{kRelu}, {0}}, {ActivationOp{kTanh}, {1}}}, {2}};
        const OpRun run{0, 2, both, {chain.x}, {tanh}, "both"};
        auto whole = chain.graph;
        whole.merge({run});
        QCOMPARE(order(whole), std::string("both"));
        QVERIFY(whole.producerOf(tanh) == &whole.ops()[0]);
        QVERIFY(whole.output("y") == tanh);

        const auto refused = [&](const OpRun& wrong) {
            return refusal([&] { OpGraph(chain.graph).merge({wrong}); });
        };
        chain.graph.addOutput("middle", chain.relu);
        QCOMPARE(refused(run), "activation at relu cannot become a part of fused: its result is "
                               "read");
        auto other = run;
        other.outputs = {chain.x};
        QCOMPARE(refused(other),
                 "fused cannot take the place of the ops at both: its outputs are others");
        other = run;
        other.inputs = {tanh};
        QCOMPARE(refused(other), "the op at both reads a value of tanh that is not made before it");
        other = run;
        other.last = 3;
        QCOMPARE(refused(other), "runs of ops come one after another");
        QCOMPARE(order(chain.graph), std::string("relu tanh"));
    }

    void anOrderKeepsWhatIsReadInFront() {
        Chain chain;
        chain.graph.addOutput("z", chain.graph.add(ActivationOp{kTanh}, {chain.x}, "aside"));
        chain.graph.reorder({2, 0, 1});
        QCOMPARE(order(chain.graph), std::string("aside relu tanh"));
        QCOMPARE(*chain.graph.producerPlace(chain.tanh), std::size_t{2});
        QCOMPARE(refusal([&] {
                     chain.graph.reorder({0, 2, 1});
                 }),
                 "the op at tanh reads a value of relu that is not made before it");
        QCOMPARE(refusal([&] {
                     chain.graph.reorder({0, 1});
                 }),
                 "an order of 3 ops has each of them once");
        chain.graph.setBackward(2);
        QCOMPARE(refusal([&] {
                     chain.graph.reorder({1, 2, 0});
                 }),
                 "aside cannot come after the backward pass has begun");
    }

    void namesAreBoundToNumbers() {
        OpGraph graph;
        const auto x = graph.addInput("x", ValueType::of({Dim::batch(), Dim::named("T"), 4}));
        const auto rows = graph.add(ReshapeOp{{Dim::batch() * Dim::named("T"), 4}}, {x}, "rows");
        QCOMPARE(toString(graph.type(rows).dims), std::string("N·T×4"));
        graph.bind({{"T", 5}});
        QCOMPARE(toString(graph.type(x).dims), std::string("N×5×4"));
        QCOMPARE(toString(graph.type(rows).dims), std::string("5·N×4"));
        QVERIFY(inferTypes(graph.ops()[0].attributes, graph.inputTypes(graph.ops()[0]))[0] ==
                graph.type(rows));
        QVERIFY(graph.type(rows).shapeFor(3) == (Shape{15, 4}));
    }
};

QTEST_APPLESS_MAIN(OpGraphTest)
#include "tst_op_graph.moc"
