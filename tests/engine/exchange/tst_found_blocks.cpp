// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/found_blocks.h"
#include "engine/exchange/made_layers.h"
#include "engine/exchange/onnx_writer.h"
#include "engine/graph/lower.h"
#include "engine/project/templates.h"
#include "tests/engine/exchange/imported_model.h"
#include "tests/support/network_builder.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Numbers from 0 on, others for each weight.
Weights numberedWeights(const OpGraph& graph) {
    Weights weights;
    float next = 0;
    for (const auto& spec : graph.weights()) {
        Tensor tensor(DType::F32, spec.shape);
        for (auto& value : tensor.span<float>())
            value = next++;
        weights.values.emplace_back(spec.key, std::move(tensor));
    }
    return weights;
}

struct Found {
    Network network;
    QString difference; ///< from what it was made of
    std::size_t instances = 0;
};

Found foundIn(const Network& flat) {
    const auto graph = lower(flat);
    const auto before = numberedWeights(graph);
    Found found{flat, {}, 0};
    auto weights = before;
    found.instances = findBlocks(found.network, weights);
    requireWhole(found.network, weights);
    found.difference = differenceOf(graph, before, lower(found.network), weights);
    return found;
}

std::vector<const Node*> instancesIn(const Network& network) {
    std::vector<const Node*> instances;
    for (const auto& [id, node] : network.main.nodes())
        if (node.blockUse())
            instances.push_back(&node);
    return instances;
}

/// A residual unit of two convolutions.
NodeId addUnit(NetworkBuilder& builder, NodeId from, std::int64_t filters) {
    const ParamValues params = {
        {"filters", filters}, {"kernel", IntTuple{3, 3}}, {"padding", std::string("same")}};
    auto x = builder.after(from, "conv2d", params);
    x = builder.after(x, "relu");
    x = builder.after(x, "conv2d", params);
    const auto sum = builder.layer("add");
    builder.link(x, sum, 0);
    builder.link(from, sum, 1);
    return builder.after(sum, "relu");
}

} // namespace

/// Parts that come again become blocks.
class FoundBlocksTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void partsInARowAreRepeated() {
        NetworkBuilder builder;
        auto x = builder.layer("input", {{"shape", IntTuple{4, 8, 8}}});
        for (int i = 0; i < 3; ++i)
            x = addUnit(builder, x, 4);
        builder.after(x, "output");
        const auto found = foundIn(builder.network);
        QCOMPARE(found.difference, QString());
        const auto instances = instancesIn(found.network);
        QCOMPARE(instances.size(), std::size_t{1});
        QCOMPARE(instances[0]->blockUse()->repeat, 3);
        QCOMPARE(instances[0]->blockUse()->block, std::string("Residual unit"));
        QVERIFY(instances[0]->params.empty());
        QCOMPARE(found.network.main.nodes().size(), std::size_t{3});
        // The unit as people draw it: from the branch to the activation behind the sum.
        QCOMPARE(found.network.blocks.at("Residual unit").graph.nodes().size(), std::size_t{7});
    }

    /// What is alike but for numbers is one block, whose instances set them.
    void partsThatAreAlikeShareABlock() {
        NetworkBuilder builder;
        auto x = builder.layer("input", {{"shape", IntTuple{4, 8, 8}}});
        x = addUnit(builder, addUnit(builder, x, 4), 4);
        x = builder.after(x, "conv2d", {{"filters", std::int64_t{8}}});
        x = addUnit(builder, addUnit(builder, x, 8), 8);
        x = builder.after(x, "conv2d", {{"filters", std::int64_t{6}}});
        x = addUnit(builder, x, 6);
        builder.after(x, "output");
        const auto found = foundIn(builder.network);
        QCOMPARE(found.difference, QString());
        const auto instances = instancesIn(found.network);
        QCOMPARE(instances.size(), std::size_t{3});
        QCOMPARE(found.network.blocks.size(), std::size_t{1});
        QCOMPARE(found.instances, std::size_t{3});
        QVERIFY(instances[0]->params.empty());
        // One key sets both convolutions.
        QVERIFY((instances[1]->params == ParamValues{{"filters", std::int64_t{8}}}));
        QVERIFY((instances[2]->params == ParamValues{{"filters", std::int64_t{6}}}));
        QCOMPARE(instances[1]->blockUse()->repeat, 2);
        QCOMPARE(instances[2]->blockUse()->repeat, 1);
    }

    void shortPartsAreLeftAlone() {
        NetworkBuilder builder;
        auto x = builder.layer("input", {{"shape", IntTuple{6}}});
        for (int i = 0; i < 5; ++i) // the same layer over and over, and pairs of two
            x = builder.after(builder.after(x, "dense", {{"units", std::int64_t{6}}}), "relu");
        builder.after(x, "output");
        QVERIFY(foundIn(builder.network).network == builder.network);
        QVERIFY(foundIn(lenet()).network == lenet());
    }

    void residualNetworksOpenAsBlocks() {
        const auto graph = lower(openTemplate("resnet-50").network);
        auto import = importOnnxWhole(readOnnx(onnxFile(graph, numberedWeights(graph))));
        QVERIFY(import.network.main.nodes().size() > 100);
        findBlocks(import.network, import.weights);
        // The first unit keeps the size, so its padding is another one.
        QCOMPARE(import.network.main.nodes().size(), std::size_t{28});
        QCOMPARE(import.network.blocks.size(), std::size_t{2});
        std::vector<std::int64_t> repeats;
        for (const auto* instance : instancesIn(import.network))
            repeats.push_back(instance->blockUse()->repeat);
        std::ranges::sort(repeats);
        QCOMPARE(repeats, (std::vector<std::int64_t>{1, 1, 1, 2, 2, 3, 5}));
    }
};

QTEST_APPLESS_MAIN(FoundBlocksTest)
#include "tst_found_blocks.moc"
