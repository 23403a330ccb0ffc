// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/program_graph.h"
#include "engine/passes/verify.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;

namespace {

/// x → dropout → dense → mean squared error against t, with an op beside that nothing reads.
struct SmallNet {
    OpGraph graph;
    ValueId x, t, y;

    SmallNet() {
        x = graph.addInput("x", {Shape{3}});
        t = graph.addInput("t", {Shape{2}});
        const auto dropped = graph.add(DropoutOp{}, {x}, "drop");
        const auto weight = graph.addWeight({"dense/weight", {2, 3}, {}, {}});
        y = graph.add(DenseOp{.units = 2, .bias = false}, {dropped}, "dense", {weight});
        graph.add(ActivationOp{{ActivationKind::Relu}}, {y}, "aside");
        graph.addOutput("y", y);
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {y, t}, "loss"), 1.0);
    }
};

std::vector<std::string> namesOf(const OpGraph& graph) {
    std::vector<std::string> names;
    for (const auto& op : graph.ops())
        names.push_back((op.isBackward ? "d " : "") + std::string(nameOf(op.attributes)));
    return names;
}

std::string complaintOf(const OpGraph& graph) {
    try {
        verify(graph, "the test");
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

} // namespace

class ProgramGraphTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void inferenceGoesForwardOnly() {
        const SmallNet net;
        const auto program = programGraph(net.graph, Mode::Inference);
        QCOMPARE(namesOf(program), (std::vector<std::string>{"dense", "mean-squared-error"}));
        QVERIFY(program.ops()[0].inputs[0] == net.x);
        QVERIFY(program.output("y") == net.y);
        QVERIFY(program.gradients().empty());
    }

    void trainingHasTheBackwardPass() {
        const SmallNet net;
        const auto program = programGraph(net.graph, Mode::Training);
        const auto names = namesOf(program);
        QCOMPARE(names.front(), std::string("dropout"));
        QVERIFY(std::ranges::find(names, "relu") == names.end());
        QVERIFY(std::ranges::find(names, "d dense") != names.end());
        QCOMPARE(program.gradients().size(), std::size_t{1});
        QVERIFY(program.output("y") == net.y);
    }

    void theGraphStaysWhole() {
        for (const auto mode : {Mode::Training, Mode::Inference})
            QCOMPARE(complaintOf(programGraph(SmallNet().graph, mode)), std::string());
    }

    /// Its place is between the gradients and the end of what is dead.
    void furtherPassesSeeGradients() {
        static std::size_t gradients = 0;
        const Pass pass{"replace the gradient", [](OpGraph& graph, Mode mode) {
                            gradients = graph.gradients().size();
                            if (mode == Mode::Inference)
                                return;
                            const auto [weight, value] = graph.gradients()[0];
                            const FillOp zero{graph.type(value).dims, 0};
                            graph.setGradient(weight, graph.add(zero, {}, "zero"));
                        }};
        const SmallNet net;
        const auto program = programGraph(net.graph, Mode::Training, {&pass, 1});
        QCOMPARE(gradients, std::size_t{1});
        QCOMPARE(program.gradients().size(), std::size_t{1});
        const auto names = namesOf(program);
        QVERIFY(std::ranges::find(names, "d fill") != names.end());
        QVERIFY(std::ranges::find(names, "d dense") == names.end()); // nothing reads it any more
        programGraph(net.graph, Mode::Inference, {&pass, 1});
        QCOMPARE(gradients, std::size_t{0});
    }

    void verifyNamesThePassAndWhatIsMissing() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3}});
        const auto y = graph.add(ActivationOp{{ActivationKind::Tanh}}, {x}, "hidden");
        graph.addOutput("x", x);
        QCOMPARE(complaintOf(graph), std::string());
        graph.remove({true});
        graph.setOutputs({{"y", y}});
        QCOMPARE(complaintOf(graph), std::string("after the test: the output y reads value 1 of "
                                                 "hidden, which is not made before it"));
    }
};

QTEST_APPLESS_MAIN(ProgramGraphTest)
#include "tst_program_graph.moc"
