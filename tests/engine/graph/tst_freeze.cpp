// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/freeze.h"
#include "engine/graph/lower.h"
#include "engine/support/error.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <algorithm>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// The layers whose weights training leaves alone.
std::set<std::string> frozenLayers(const Network& network) {
    std::set<std::string> paths;
    const auto graph = lower(network);
    for (const auto& spec : graph.weights())
        if (spec.rateFactor == 0)
            paths.insert(spec.key.substr(0, spec.key.rfind('/')));
    return paths;
}

NodeId named(const Network& network, const std::string& name) {
    return network.main.findByName(name)->id;
}

/// A normalization between two convolutions, and a last layer.
Network normalized() {
    NetworkBuilder build;
    auto x = build.layer("input", {{"shape", IntTuple{1, 6, 6}}}, "image");
    x = build.after(x, "conv2d", {{"filters", std::int64_t{2}}}, "first");
    x = build.after(x, "batch-norm", {}, "norm");
    x = build.after(x, "conv2d", {{"filters", std::int64_t{2}}}, "second");
    x = build.after(x, "flatten");
    x = build.after(x, "dense", {{"units", std::int64_t{3}}}, "scores");
    build.after(x, "output", {}, "out");
    return build.network;
}

bool hasFixedStatistics(const Network& network) {
    return std::ranges::any_of(lower(network).ops(), [](const Op& op) {
        const auto* const norm = std::get_if<BatchNormOp>(&op.attributes);
        return norm && norm->fixed;
    });
}

} // namespace

class TestFreeze : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void layersUpToOneAreFrozen() {
        auto network = normalized();
        const auto before = network;
        const auto nodes = nodesUpTo(network.main, named(network, "norm"));
        QCOMPARE(nodes.size(), std::size_t{3});
        const auto undo = apply(network, freeze(network, "", nodes));
        QCOMPARE(frozenLayers(network), (std::set<std::string>{"first", "norm"}));
        QVERIFY(hasFixedStatistics(network));
        QCOMPARE(countFrozen(network, "", named(network, "norm")), (FrozenCount{1, 1}));
        QCOMPARE(countFrozen(network, "", named(network, "second")), (FrozenCount{0, 1}));
        QCOMPARE(countFrozen(network, "", named(network, "image")), (FrozenCount{0, 0}));
        apply(network, undo);
        QVERIFY(network == before);
    }

    void statisticsMayFollowTheBatches() {
        auto network = normalized();
        apply(network, freeze(network, "", nodesUpTo(network.main, named(network, "norm")),
                              FrozenStatistics::OfBatch));
        QCOMPARE(frozenLayers(network).size(), std::size_t{2});
        QVERIFY(!hasFixedStatistics(network));
    }

    /// Both stages are instances of one block; only the first one is frozen.
    void aBlockIsFrozenForOneInstance() {
        auto network = residualNetwork();
        const auto before = network;
        std::vector<NodeId> blocks;
        for (const auto& [id, node] : network.main.nodes())
            if (node.blockUse())
                blocks.push_back(id);
        QCOMPARE(blocks.size(), std::size_t{2});
        const auto all = countFrozen(network, "", blocks[0]);
        QVERIFY(all.all > 2 && all.frozen == 0);
        const auto undo = apply(network, freeze(network, "", nodesUpTo(network.main, blocks[0])));
        QVERIFY(countFrozen(network, "", blocks[0]).isFrozen());
        QCOMPARE(countFrozen(network, "", blocks[1]).frozen, std::size_t{0});
        const auto first = network.main.find(blocks[0])->name + "/";
        const auto second = network.main.find(blocks[1])->name + "/";
        const auto frozen = frozenLayers(network);
        QVERIFY(std::ranges::any_of(frozen, [&](auto& path) { return path.starts_with(first); }));
        QVERIFY(std::ranges::none_of(frozen, [&](auto& path) { return path.starts_with(second); }));
        const auto graph = lower(network);
        for (const auto& spec : graph.weights())
            QCOMPARE(spec.rateFactor == 0 && spec.key.starts_with(first),
                     spec.key.starts_with(first));
        auto thawed = network;
        apply(thawed, unfreeze(thawed, "", {blocks[0]}));
        QCOMPARE(countFrozen(thawed, "", blocks[0]).frozen, std::size_t{0});
        apply(network, undo);
        QVERIFY(network == before);
    }

    /// What is not frozen promotes nothing for being thawed.
    void thawingWhatIsNotFrozenChangesNothing() {
        auto network = residualNetwork();
        const auto before = network;
        std::vector<NodeId> all;
        for (const auto& [id, node] : network.main.nodes())
            all.push_back(id);
        apply(network, unfreeze(network, "", all));
        QVERIFY(network == before);
    }

    void theBodyLearnsMoreSlowly() {
        auto network = residualNetwork();
        NodeId head{};
        for (const auto& [id, node] : network.main.nodes())
            if (node.layerUse() && node.layerUse()->layer == "dense")
                head = id;
        const auto name = network.main.find(head)->name + "/";
        apply(network, setRateFactor(network, 0.1, {head}));
        const auto graph = lower(network);
        for (const auto& spec : graph.weights())
            QCOMPARE(spec.rateFactor, spec.key.starts_with(name) ? 1.0 : 0.1);
    }
};

QTEST_GUILESS_MAIN(TestFreeze)
#include "tst_freeze.moc"
