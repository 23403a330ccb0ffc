// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/edit.h"
#include "engine/graph/network_json.h"
#include "engine/support/json.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// image → conv → pool, and a sum with one input taken.
struct Drawing {
    NetworkBuilder b;
    NodeId image = b.layer("input", {}, "image");
    NodeId conv = b.after(image, "conv2d", {}, "conv");
    NodeId pool = b.after(conv, "max-pool2d", {}, "pool");
    NodeId sum = b.after(pool, "add", {}, "sum");
    NodeId end = b.after(sum, "output", {}, "end");

    QString linkRefusal(NodeId from, NodeId to, std::uint32_t input = 0, std::uint32_t output = 0) {
        return messageOf([&] { return b.link(from, to, input, output); });
    }
};

QString refusal(Network& network, const NetworkEdit& edit) {
    const auto before = network;
    const auto message = messageOf([&] {
        apply(network, edit);
        return 0;
    });
    return network == before ? message : "a refused edit left traces: " + message;
}

} // namespace

class EditTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void wrongLinksAreRefused() {
        Drawing d;
        QCOMPARE(d.linkRefusal(d.conv, d.conv), "conv cannot feed itself.");
        QCOMPARE(d.linkRefusal(d.image, d.conv),
                 "Input 0 of conv already takes a link from image; an input takes one.");
        QCOMPARE(d.linkRefusal(d.sum, d.sum, 1), "sum cannot feed itself.");
        QCOMPARE(d.linkRefusal(d.image, d.conv, 1), "conv has 1 input; there is no input 1.");
        QCOMPARE(d.linkRefusal(d.image, d.sum, 16), "sum has 16 inputs; there is no input 16.");
        QCOMPARE(d.linkRefusal(d.image, d.sum, 1, 1), "image has 1 output; there is no output 1.");
        QCOMPARE(d.linkRefusal(d.end, d.sum, 1), "end has 0 outputs; there is no output 0.");
        QCOMPARE(d.linkRefusal(d.conv, d.image), "image has 0 inputs; there is no input 0.");
        QCOMPARE(d.linkRefusal(NodeId{99}, d.sum, 1),
                 "A link joins two nodes of one graph; there is no node 99.");
        const auto relu = d.b.after(d.sum, "relu", {}, "relu");
        QCOMPARE(d.linkRefusal(relu, d.sum, 1),
                 "sum already leads to relu: the link would close a cycle.");
        QCOMPARE(d.linkRefusal(d.conv, d.sum, 1), "no error");
    }

    void outputsAreAsManyAsAParameterSays() {
        Drawing d;
        const auto cut = d.b.after(d.image, "split", {}, "cut");
        const auto third = d.b.layer("relu", {}, "third");
        QCOMPARE(d.linkRefusal(cut, third, 0, 2), "cut has 2 outputs; there is no output 2.");
        const auto set = [&](const char* param, ParamValue value) {
            return NetworkEdit{SetParam{"", cut, param, std::move(value)}};
        };
        apply(d.b.network, set("parts", std::int64_t{3}));
        d.b.link(cut, third, 0, 2);
        const auto before = d.b.network;
        QCOMPARE(refusal(d.b.network, set("parts", std::int64_t{2})),
                 "output 2 of cut has a link; remove it before the output goes");
        QCOMPARE(refusal(d.b.network, set("sizes", std::string("1, 2"))),
                 "output 2 of cut has a link; remove it before the output goes");
        QVERIFY(d.b.network == before);
        apply(d.b.network, set("sizes", std::string("1, 1, 1, 1")));
        QVERIFY(networkFromJson(toJson(d.b.network)) == d.b.network);
    }

    void portsOfUnknownLayersAreBounded() {
        Drawing d;
        const auto fold = d.b.layer("quantum-fold", {}, "fold");
        QCOMPARE(d.linkRefusal(d.image, fold, 255), "no error");
        QCOMPARE(d.linkRefusal(d.image, fold, 4'000'000'000),
                 "fold has 256 inputs; there is no input 4000000000.");
    }

    void namesAreUniqueAndPlain() {
        Drawing d;
        const auto rename = [&](std::string name) {
            return refusal(d.b.network, {RenameNode{"", d.conv, std::move(name)}});
        };
        QCOMPARE(rename("pool"), "There is already a node called \"pool\" in this graph.");
        QCOMPARE(rename(""), "A name has 1 to 64 characters; received 0.");
        QCOMPARE(rename(std::string(65, 'a')), "A name has 1 to 64 characters; received 65.");
        for (const auto* bad : {"a/b", "a b", "größe", "a.b", "../x"})
            QCOMPARE(rename(bad),
                     QString("A name is made of letters, digits, \"-\" and \"_\", since "
                             "weights are filed under it; received \"%1\".")
                         .arg(bad));
        apply(d.b.network, {RenameNode{"", d.conv, "conv"}});
        apply(d.b.network, {RenameNode{"", d.conv, "Conv_1-a"}});
        QCOMPARE(d.b.network.main.findByName("Conv_1-a")->id, d.conv);
        QVERIFY(!d.b.network.main.findByName("conv"));
        QCOMPARE(d.b.network.main.freshName("dense"), std::string("dense1"));
    }

    void editsThatDoNotFitAreRefused() {
        Drawing d;
        auto& network = d.b.network;
        const NodeId none{77};
        QCOMPARE(refusal(network, {AddNode{"", {d.conv, "x", LayerUse{"relu"}, {}}}}),
                 QString("there is already a node %1 in this graph").arg(d.conv.value));
        QCOMPARE(refusal(network, {AddNode{"", {none, "conv", LayerUse{"relu"}, {}}}}),
                 "There is already a node called \"conv\" in this graph.");
        QCOMPARE(refusal(network, {AddNode{"", {none, "x", BlockUse{"b", 0}, {}}}}),
                 "a block is repeated 1 to 1000 times, not 0");
        QCOMPARE(refusal(network, {AddNode{"nowhere", {none, "x", LayerUse{"relu"}, {}}}}),
                 "the network has no block \"nowhere\"");
        QCOMPARE(refusal(network, {RemoveNode{"", none}}), "there is no node 77 in this graph");
        QCOMPARE(refusal(network, {RemoveNode{"", d.conv}}),
                 "conv still has links; remove them first");
        QCOMPARE(refusal(network, {RemoveLink{"", {99}}}), "there is no link 99 in this graph");
        QCOMPARE(refusal(network, {AddLink{"", {{1}, {d.conv, {0}}, {d.sum, {1}}}}}),
                 "there is already a link 1 in this graph");
        QCOMPARE(refusal(network, {SetParam{"", d.conv, "size", ParamValue(1.0)}}),
                 "Conv 2D has no parameter \"size\"");
        QCOMPARE(refusal(network, {SetParam{"", d.conv, "filters", ParamValue(std::int64_t{0})}}),
                 "conv: Filters must be from 1 to 65536, not 0");
        QCOMPARE(refusal(network, {SetParam{"", none, "filters", {}}}),
                 "there is no node 77 in this graph");
        QCOMPARE(refusal(network, {SetRepeat{"", d.conv, 2}}),
                 "conv is a layer; only blocks are repeated");
        QCOMPARE(refusal(network, {AddBlock{"", {}}}),
                 "the name of a block has 1 to 64 characters, not 0");
        QCOMPARE(refusal(network, {RemoveBlock{"b"}}), "the network has no block \"b\"");
        QCOMPARE(refusal(network, {SetPromoted{"b", {}}}), "the network has no block \"b\"");
    }

    void blocksInUseStay() {
        NetworkBuilder b;
        b.in("unit").layer("block-input", {}, "in");
        QCOMPARE(refusal(b.network, {AddBlock{"unit", {}}}),
                 "there is already a block called \"unit\"");
        b.in("").block("unit", "stage");
        QCOMPARE(refusal(b.network, {RemoveBlock{"unit"}}),
                 "the block \"unit\" is still in use; remove its instances first");
        QCOMPARE(refusal(b.network, {SetRepeat{"", NodeId{1}, 1001}}),
                 "a block is repeated 1 to 1000 times, not 1001");
        apply(b.network, {RemoveNode{"", NodeId{1}}});
        apply(b.network, {RemoveBlock{"unit"}});
        QVERIFY(b.network == Network{});
    }

    /// Else an instance's links would silently mean another port, or none.
    void portsInUseStay() {
        NetworkBuilder b;
        b.in("pair");
        const auto first = b.layer("block-input", {}, "first");
        const auto second = b.layer("block-input", {}, "second");
        const auto out = b.layer("block-output", {}, "out");
        b.in("");
        const auto image = b.layer("input", {}, "image");
        const auto pair = b.block("pair", "pair");
        const auto link = b.link(image, pair, 1);
        const QString refused =
            "pair still has a link at input 1, which would move; remove it first";
        QCOMPARE(refusal(b.network, {RemoveNode{"pair", second}}), refused);
        QCOMPARE(refusal(b.network, {RemoveNode{"pair", first}}), refused);
        // A port after the last moves none.
        const auto undo =
            apply(b.network, {AddNode{"pair", {NodeId{50}, "third", LayerUse{"block-input"}, {}}}});
        apply(b.network, undo);
        apply(b.network, {RemoveNode{"pair", out}});
        const auto undoLink = apply(b.network, {RemoveLink{"", link}});
        const auto undoPort = apply(b.network, {RemoveNode{"pair", first}});
        apply(b.network, undoPort);
        apply(b.network, undoLink);
        QCOMPARE(b.network.main.links().size(), std::size_t{1});
    }

    void promotionIsChecked() {
        NetworkBuilder b;
        b.in("unit");
        const auto fc = b.layer("dense", {}, "fc");
        const auto spare = b.layer("relu", {}, "spare");
        b.promote({{"units", fc, "units"}});
        QCOMPARE(refusal(b.network, {SetPromoted{"unit", {{"x", NodeId{9}, "units"}}}}),
                 "the block \"unit\" has no node 9 whose units could be promoted");
        QCOMPARE(refusal(b.network, {SetPromoted{"unit", {{"", fc, "units"}}}}),
                 "a promoted parameter needs a key");
        QCOMPARE(
            refusal(b.network, {SetPromoted{"unit", {{"a", fc, "units"}, {"b", fc, "units"}}}}),
            QString("units of node %1 is promoted twice").arg(fc.value));
        QCOMPARE(refusal(b.network, {RemoveNode{"unit", fc}}),
                 "the block \"unit\" promotes units of fc; stop promoting it first");
        const auto before = b.network;
        const auto undo = apply(b.network, removeNodes(b.network, "unit", {fc, spare}));
        QVERIFY(b.network.blocks.at("unit").promoted.empty());
        apply(b.network, undo);
        QVERIFY(b.network == before);
    }

    void aGroupThatFailsLeavesNoTrace() {
        Drawing d;
        QCOMPARE(refusal(d.b.network,
                         {NetworkEdit::Group{
                             {AddNode{"", {NodeId{50}, "extra", LayerUse{"relu"}, {}}}},
                             {RenameNode{"", d.pool, "shrink"}},
                             {NetworkEdit::Group{
                                 {SetParam{"", d.conv, "filters", ParamValue(std::int64_t{7})}},
                                 {RemoveLink{"", {1}}},
                             }},
                             {RemoveNode{"", d.sum}},
                         }}),
                 "sum still has links; remove them first");
    }

    /// What a file brought in must come back when its repair is undone.
    void undoBringsBackValuesThatBreakTheirRules() {
        NetworkBuilder b;
        const auto drop = b.layer("dropout", {{"rate", 7.0}, {"knob", true}}, "drop");
        const auto before = b.network;
        const auto undo = apply(b.network, {NetworkEdit::Group{
                                               {SetParam{"", drop, "rate", {}}},
                                               {SetParam{"", drop, "knob", {}}},
                                           }});
        QVERIFY(b.network.main.find(drop)->params.empty());
        const auto redo = apply(b.network, undo);
        QVERIFY(b.network == before);
        apply(b.network, redo);
        QVERIFY(b.network.main.find(drop)->params.empty());
    }

    void removingNodesTakesTheirLinks() {
        Drawing d;
        const auto before = d.b.network;
        const auto undo =
            apply(d.b.network, removeNodes(d.b.network, "", {d.conv, d.pool, d.image}));
        QCOMPARE(d.b.network.main.nodes().size(), std::size_t{2});
        QCOMPARE(d.b.network.main.links().size(), std::size_t{1});
        apply(d.b.network, undo);
        QVERIFY(d.b.network == before);
    }

    void insertsIntoALink() {
        Drawing d;
        const auto before = d.b.network;
        const auto into = d.b.network.main.linkInto({d.pool, {0}})->id;
        Node relu{d.b.network.main.freshNodeId(), "relu", LayerUse{"relu"}, {}};
        const auto undo = apply(d.b.network, insertIntoLink(d.b.network, "", into, relu));
        const auto& graph = d.b.network.main;
        QCOMPARE(graph.linkInto({relu.id, {0}})->from.node, d.conv);
        QCOMPARE(graph.linkInto({d.pool, {0}})->from.node, relu.id);
        QVERIFY(!graph.find(into));
        apply(d.b.network, undo);
        QVERIFY(d.b.network == before);
        QCOMPARE(messageOf([&] { return insertIntoLink(d.b.network, "", {99}, relu); }),
                 "there is no link 99 in this graph");
    }

    void idsAreNotReused() {
        NetworkBuilder b;
        const auto first = b.layer("relu");
        apply(b.network, {RemoveNode{"", first}});
        const auto second = b.layer("relu");
        QVERIFY(second != first);
    }
};

QTEST_APPLESS_MAIN(EditTest)
#include "tst_edit.moc"
