// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/blocks.h"
#include "engine/graph/lower.h"
#include "engine/graph/network_json.h"
#include "engine/support/json.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

NodeId idOf(const Graph& graph, const char* name) {
    return graph.findByName(name)->id;
}

/// What the network computes: shapes of its weights in order, MACs.
struct Work {
    std::vector<std::string> shapes;
    std::int64_t macs = 0;
    bool operator==(const Work&) const = default;
};
Work workOf(const Network& network) {
    const auto graph = lower(network);
    Work work{{}, graph.macs()};
    for (const auto& weight : graph.weights())
        work.shapes.push_back(toString(weight.shape));
    return work;
}

/// Input → split → (left, right) → add → output.
Network diamond() {
    NetworkBuilder b;
    const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
    const auto split = b.after(image, "relu", {}, "split");
    const auto left = b.after(split, "sigmoid", {}, "left");
    const auto right = b.after(split, "tanh", {}, "right");
    const auto sum = b.after(left, "add", {}, "sum");
    b.link(right, sum, 1);
    b.after(sum, "output", {}, "end");
    return std::move(b.network);
}

} // namespace

class GroupTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void groupingChangesNothingThatIsComputed() {
        const auto before = lenet();
        auto network = before;
        const auto& main = network.main;
        const auto grouping = groupNodes(
            network, "", {idOf(main, "conv1"), idOf(main, "pool1"), idOf(main, "conv2")}, "Stem");
        const auto undo = apply(network, grouping.edit);
        QCOMPARE(network.blocks.at("Stem").graph.nodes().size(), 5U); // and two ports
        QCOMPARE(network.main.nodes().size(), before.main.nodes().size() - 2);
        QCOMPARE(network.main.find(grouping.instance)->name, std::string("stem1"));
        QVERIFY(workOf(network) == workOf(before));
        QVERIFY(analyze(network).diagnostics.empty());
        QVERIFY(networkFromJson(toJson(network)) == network);
        apply(network, undo);
        QVERIFY(network == before);
    }

    void ungroupingBringsBackWhatWasGrouped() {
        const auto before = lenet();
        auto network = before;
        apply(network,
              groupNodes(network, "", {idOf(network.main, "dense1"), idOf(network.main, "dense2")},
                         "Head")
                  .edit);
        const auto ungrouping = ungroupNode(network, "", idOf(network.main, "head1"));
        QVERIFY(ungrouping.lastUse);
        const auto undo = apply(network, ungrouping.edit);
        QVERIFY(network.blocks.empty());
        QVERIFY(network.main.findByName("dense1") && network.main.findByName("dense2"));
        QVERIFY(workOf(network) == workOf(before));
        apply(network, undo);
        QVERIFY(network.blocks.contains("Head"));
    }

    void branchesBecomePorts() {
        auto network = diamond();
        const auto before = network;
        // Two outputs leave, one input enters.
        apply(network, groupNodes(network, "",
                                  {idOf(network.main, "split"), idOf(network.main, "left"),
                                   idOf(network.main, "right")},
                                  "Fork")
                           .edit);
        const auto ports = portsOf(network, *network.main.findByName("fork1"));
        QCOMPARE(ports->maxInputs, 1U);
        QCOMPARE(ports->outputs, 2U);
        QVERIFY(workOf(network) == workOf(before));
    }

    void whatHoldsNoBlockIsRefusedWithTheReason() {
        const auto network = diamond();
        const auto& main = network.main;
        QCOMPARE(
            *whyNotGroup(network, "", {idOf(main, "split"), idOf(main, "sum")}),
            std::string("Data leaves these layers and comes back through left: include it, too."));
        QCOMPARE(*whyNotGroup(network, "", {idOf(main, "image"), idOf(main, "split")}),
                 std::string("image is an end of this graph and cannot go into a block."));
        QVERIFY(whyNotGroup(network, "", {}));
        QCOMPARE(messageOf([&] { groupNodes(network, "", {idOf(main, "end")}, "Block"); }),
                 QStringLiteral("end is an end of this graph and cannot go into a block."));
    }

    void openInputsBecomePorts() {
        NetworkBuilder b;
        const auto sum = b.layer("add", {}, "sum");
        b.after(sum, "relu", {}, "relu");
        apply(b.network,
              groupNodes(b.network, "", {sum, idOf(b.network.main, "relu")}, "Merge").edit);
        const auto ports = portsOf(b.network, *b.network.main.findByName("merge1"));
        QCOMPARE(ports->maxInputs, 2U);
        QCOMPARE(ports->outputs, 1U);
    }

    void aRepeatedBlockIsUngroupedIntoAsManyCopies() {
        auto network = residualNetwork();
        const auto before = network;
        const auto undo =
            apply(network, ungroupNode(network, "", idOf(network.main, "stage2")).edit);
        QVERIFY(network.blocks.contains("unit")); // stage1 still uses it
        QVERIFY(workOf(network) == workOf(before));
        // The value that the instance set for the promoted parameter.
        std::size_t wide = 0;
        for (const auto& [id, node] : network.main.nodes())
            if (node.name.starts_with("conv") && node.params.contains("filters") &&
                node.params.at("filters") == ParamValue(std::int64_t{12}))
                ++wide;
        QCOMPARE(wide, 4U);
        apply(network, undo);
        QVERIFY(network == before);
    }

    void promotedParametersFollowIntoABlockWithin() {
        auto network = residualNetwork();
        const auto before = workOf(network);
        const auto& unit = network.blocks.at("unit").graph;
        const auto grouping =
            groupNodes(network, "unit", {idOf(unit, "conv1"), idOf(unit, "norm1")}, "inner");
        const auto undo = apply(network, grouping.edit);
        QVERIFY(workOf(network) == before);
        QCOMPARE(network.blocks.at("inner").promoted.size(), 1U);
        // And out of it again.
        apply(network, ungroupNode(network, "unit", grouping.instance).edit);
        QVERIFY(workOf(network) == before);
        QCOMPARE(network.blocks.at("unit").promoted.size(), 2U);
        static_cast<void>(undo);
    }

    void aBlockIsRenamedWhereverItIsUsed() {
        auto network = residualNetwork();
        const auto before = network;
        const auto undo = apply(network, {RenameBlock{"unit", "Residual unit"}});
        QCOMPARE(usesOf(network, "Residual unit"), 2U);
        QCOMPARE(usesOf(network, "unit"), 0U);
        QVERIFY(workOf(network) == workOf(before));
        apply(network, undo);
        QVERIFY(network == before);
        apply(network, {AddBlock{"other", {}}});
        QCOMPARE(messageOf([&] {
                     apply(network, {RenameBlock{"unit", "other"}});
                 }),
                 QStringLiteral("there is already a block called \"other\""));
    }

    /// A block of that name would meet links that were made without knowing its ports.
    void missingBlocksKeepTheirNames() {
        auto network = residualNetwork();
        Node node{network.main.freshNodeId(), "lost", BlockUse{"missing"}, {}};
        apply(network, {AddNode{"", std::move(node)}});
        QCOMPARE(messageOf([&] {
                     apply(network, {RenameBlock{"unit", "missing"}});
                 }),
                 QStringLiteral("there are instances of a block \"missing\" whose definition is "
                                "missing; choose another name, or remove them first"));
        QCOMPARE(messageOf([&] {
                     apply(network, {AddBlock{"missing", network.blocks.at("unit")}});
                 }),
                 QStringLiteral("there are instances of a block \"missing\" whose definition is "
                                "missing; choose another name, or remove them first"));
        QVERIFY(!network.blocks.contains("missing"));
        QCOMPARE(freshBlockName(network, "missing"), std::string("missing 2"));
    }

    void parametersArePromotedAndTakenBack() {
        auto network = residualNetwork();
        const auto before = network;
        const auto norm = idOf(network.blocks.at("unit").graph, "norm1");
        const auto conv = idOf(network.blocks.at("unit").graph, "conv1");
        apply(network, promote(network, "unit", norm, "epsilon"));
        QCOMPARE(promotionOf(network, "unit", "epsilon")->spec->key, std::string("epsilon"));
        // A key that is taken gets the node's name.
        apply(network, promote(network, "unit", conv, "bias"));
        apply(network,
              promote(network, "unit", idOf(network.blocks.at("unit").graph, "conv2"), "bias"));
        QVERIFY(promotionOf(network, "unit", "conv2_bias"));
        // A value out of its range is refused at the instance as it would be at the layer.
        const auto stage = idOf(network.main, "stage1");
        const auto refused = messageOf([&] {
            apply(network, {SetParam{"", stage, "epsilon", ParamValue(-1.0)}});
        });
        QVERIFY2(refused.startsWith("stage1: "), qPrintable(refused));
        apply(network, {SetParam{"", stage, "epsilon", ParamValue(1e-3)}});
        apply(network, demote(network, "unit", norm, "epsilon"));
        QVERIFY(!network.main.find(stage)->params.contains("epsilon"));
        QVERIFY(!promotionOf(network, "unit", "epsilon"));
    }

    void containmentIsFoundAtAnyDepth() {
        auto network = residualNetwork();
        apply(network, groupNodes(network, "", {idOf(network.main, "stage1")}, "outer").edit);
        QVERIFY(contains(network, "outer", "unit"));
        QVERIFY(!contains(network, "unit", "outer"));
        QCOMPARE(freshBlockName(network, "unit"), std::string("unit 2"));
    }
};

QTEST_GUILESS_MAIN(GroupTest)
#include "tst_group.moc"
