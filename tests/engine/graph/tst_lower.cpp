// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/lower.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <map>
#include <set>
#include <utility>

using namespace gradwright;
using namespace gradwright::test;

class LowerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void lenetLowersToItsOps() {
        const auto graph = lower(lenet());
        QCOMPARE(graph.parameters(), 61'706);
        std::vector<std::string> ops;
        for (const auto& op : graph.ops())
            ops.push_back(fmt::format("{} {}", op.path, nameOf(op.attributes)));
        QCOMPARE(ops,
                 (std::vector<std::string>{"conv1 conv", "conv1 activation", "pool1 max-pool",
                                           "conv2 conv", "conv2 activation", "pool2 max-pool",
                                           "flatten reshape", "dense1 dense", "dense1 activation",
                                           "dense2 dense", "dense2 activation", "dense3 dense"}));
        QVERIFY(graph.type(graph.input("image")).sample() == (Shape{1, 28, 28}));
        QVERIFY(graph.type(graph.output("digit")).sample() == Shape{10});
        const auto& conv = std::get<ConvOp>(graph.ops()[0].attributes);
        QVERIFY((conv.padding == Padding2d{2, 2, 2, 2}));
        QCOMPARE(graph.weights()[0].key, std::string("conv1/weight"));
        QCOMPARE(graph.weights()[0].initializer.key, std::string("he-normal"));
        QCOMPARE(graph.weights()[0].fans.in, 25);
        QCOMPARE(graph.weights()[8].initializer.key, std::string("xavier-uniform"));
    }

    void branchesWithoutAnOutputAreLeftOut() {
        NetworkBuilder b;
        b.network = lenet();
        const auto pool = b.network.main.findByName("pool1")->id;
        b.after(b.after(pool, "dropout", {}, "spare"), "batch-norm");
        // Neither do faults there matter.
        b.after(pool, "dense", {}, "wrong");
        b.after(pool, "quantum-fold", {}, "unknown");
        b.layer("add", {}, "alone");
        b.layer("input", {}, "second");
        const auto graph = lower(b.network);
        QCOMPARE(graph.parameters(), 61'706);
        QCOMPARE(graph.inputs().size(), std::size_t{1});
        for (const auto& op : graph.ops())
            QVERIFY(op.path != "spare" && op.path != "wrong" && op.path != "unknown");
    }

    void severalOutputsAreNamed() {
        NetworkBuilder b;
        b.network = lenet();
        b.after(b.network.main.findByName("dense2")->id, "output", {}, "features");
        const auto graph = lower(b.network);
        QCOMPARE(graph.outputs().size(), std::size_t{2});
        QVERIFY(graph.type(graph.output("features")).sample() == Shape{84});
    }

    /// Each link carries the output that it leaves from, also out of a block.
    void outputsOfALayerGoTheirWays() {
        NetworkBuilder b;
        b.in("cut");
        const auto in = b.layer("block-input", {}, "in");
        const auto pieces = b.after(in, "split", {{"sizes", std::string("2, 3")}}, "pieces");
        const auto few = b.after(pieces, "block-output", {}, "few");
        const auto many = b.layer("block-output", {}, "many");
        b.link(pieces, many, 0, 1);
        QVERIFY(few < many);
        b.in("");
        const auto vector = b.layer("input", {{"shape", IntTuple{5}}}, "vector");
        const auto halves = b.block("cut", "halves");
        b.link(vector, halves);
        const auto wide = b.layer("dense", {{"units", std::int64_t{3}}}, "wide");
        b.link(halves, wide, 0, 1);
        const auto sum = b.after(wide, "concatenate", {}, "sum");
        b.link(halves, sum, 1, 0);
        b.after(sum, "output", {}, "end");
        const auto analysis = analyze(b.network);
        const auto& cut = analysis.nodes[analysis.indexOf("halves/1/pieces")];
        QVERIFY(cut.output == Shape{2} && cut.further == std::vector<Shape>{{3}});
        const auto graph = lower(analysis);
        QVERIFY(graph.type(graph.output("end")).sample() == Shape{5});
        QVERIFY((graph.weights().front().shape == Shape{3, 3}));
        const auto* join = graph.producerOf(graph.output("end"));
        const auto* split = graph.producerOf(join->inputs[1]);
        QVERIFY(split && std::holds_alternative<SplitOp>(split->attributes));
        QVERIFY(join->inputs[1] == split->outputs[0]);
        QVERIFY(graph.producerOf(join->inputs[0])->inputs[0] == split->outputs[1]);
    }

    void normalizationBeginsWithTheScaleThatWasChosen() {
        NetworkBuilder b;
        const auto usual = b.after(b.layer("input"), "batch-norm", {}, "usual");
        b.after(b.after(usual, "batch-norm", {{"initial_scale", 0.0}}, "last"), "output");
        const auto graph = lower(b.network);
        std::map<std::string, std::pair<double, double>> begins; // scale and shift
        for (const auto& weight : graph.weights()) {
            const auto values = initialize(weight.initializer, Shape{1}, {}, 1, weight.key);
            const auto layer = weight.key.substr(0, weight.key.find('/'));
            const double value = values.span<double>()[0];
            if (weight.key == layer + "/weight")
                begins[layer].first = value;
            if (weight.key == layer + "/bias")
                begins[layer].second = value;
        }
        QCOMPARE(begins.size(), std::size_t{2});
        QVERIFY(begins.at("usual") == std::pair(1.0, 0.0));
        QVERIFY(begins.at("last") == std::pair(0.0, 0.0));
    }

    void everyDropoutHasAStreamOfItsOwn() {
        NetworkBuilder b;
        auto x = b.layer("input");
        for (int i = 0; i < 5; ++i)
            x = b.after(b.after(x, "dropout"), "relu");
        b.after(x, "output");
        std::set<std::uint32_t> streams;
        const auto graph = lower(b.network);
        for (const auto& op : graph.ops())
            if (const auto* dropout = std::get_if<DropoutOp>(&op.attributes))
                streams.insert(dropout->stream);
        QCOMPARE(streams.size(), std::size_t{5});
    }

    void whatCannotRunIsSaid() {
        QCOMPARE(messageOf([] { return lower(Network{}); }),
                 "The network cannot run yet. It has no Output; add one at its end.");
        NetworkBuilder b;
        b.layer("input", {}, "image");
        QCOMPARE(messageOf([&] { return lower(b.network); }),
                 "The network cannot run yet. It has no Output; add one at its end.");
        const auto fc = b.layer("dense", {{"units", std::int64_t{0}}}, "fc");
        b.after(fc, "output", {}, "end");
        QCOMPARE(messageOf([&] { return lower(b.network); }),
                 "The network cannot run yet. fc: Input 0 of fc is not connected. fc: Units must "
                 "be from 1 to 16777216, not 0.");
        NetworkBuilder odd;
        odd.after(odd.after(odd.layer("input", {}, "image"), "quantum-fold", {}, "fold"), "output");
        QCOMPARE(messageOf([&] { return lower(odd.network); }),
                 "The network cannot run yet. fold: This version does not know the layer "
                 "\"quantum-fold\" of fold.");
    }
};

QTEST_APPLESS_MAIN(LowerTest)
#include "tst_lower.moc"
