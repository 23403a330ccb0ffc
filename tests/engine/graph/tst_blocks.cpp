// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/lower.h"
#include "engine/graph/network_json.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

std::vector<std::string> pathsOf(const Network& network) {
    std::vector<std::string> paths;
    for (const auto& node : expand(network).nodes)
        paths.push_back(node.path);
    return paths;
}

std::vector<std::string> keysOf(const OpGraph& graph) {
    std::vector<std::string> keys;
    for (const auto& weight : graph.weights())
        keys.push_back(weight.key);
    return keys;
}

/// A block of one Dense of 5 units, promoted as "width".
void drawDenseBlock(NetworkBuilder& b, const std::string& name = "fc") {
    b.in(name);
    const auto in = b.layer("block-input", {}, "in");
    const auto dense = b.after(in, "dense", {{"units", std::int64_t{5}}}, "dense");
    b.after(dense, "block-output", {}, "out");
    b.promote({{"width", dense, "units"}});
}

struct Main {
    NodeId image, instance;
};
/// A vector of 3 → instance → output.
Main drawMain(NetworkBuilder& b, const std::string& block, std::int64_t repeat = 1,
              ParamValues params = {}) {
    b.in("");
    const auto image = b.layer("input", {{"shape", IntTuple{3}}}, "image");
    const auto instance = b.block(block, "stage", repeat, std::move(params));
    b.link(image, instance);
    b.after(instance, "output", {}, "end");
    return {image, instance};
}

/// The diagnostic of that message; says what there is when it is not there.
std::optional<Diagnostic> find(const Analysis& analysis, const QString& message) {
    const auto found =
        std::ranges::find(analysis.diagnostics, message.toStdString(), &Diagnostic::message);
    if (found != analysis.diagnostics.end())
        return *found;
    for (const auto& other : analysis.diagnostics)
        qWarning("%s: %s", other.place.path.c_str(), other.message.c_str());
    return {};
}

} // namespace

class BlocksTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void repetitionsUnrollInARow() {
        NetworkBuilder b;
        drawDenseBlock(b);
        drawMain(b, "fc", 2);
        QCOMPARE(pathsOf(b.network),
                 (std::vector<std::string>{"image", "stage/1/in", "stage/1/dense", "stage/1/out",
                                           "stage/2/in", "stage/2/dense", "stage/2/out", "end"}));
        const auto graph = lower(b.network);
        QCOMPARE(keysOf(graph),
                 (std::vector<std::string>{"stage/1/dense/weight", "stage/1/dense/bias",
                                           "stage/2/dense/weight", "stage/2/dense/bias"}));
        QCOMPARE(graph.parameters(), (3 * 5 + 5) + (5 * 5 + 5));
    }

    void residualUnitsHaveTheirKeysAndShapes() {
        const auto graph = lower(residualNetwork());
        const auto keys = keysOf(graph);
        QVERIFY(std::ranges::find(keys, "stage2/2/conv1/weight") != keys.end());
        QVERIFY(std::ranges::find(keys, "stage1/1/norm2/running_var") != keys.end());
        const auto unit = [](int c) { return 2 * (c * c * 9) + 2 * 2 * c; };
        QCOMPARE(graph.parameters(),
                 (8 * 3 * 9 + 8) + 2 * unit(8) + (12 * 8 * 9 + 12) + 2 * unit(12) + (10 * 12 + 10));
        QVERIFY(analyze(residualNetwork()).diagnostics.empty());
    }

    void blocksNestAndPassParametersOn() {
        NetworkBuilder b;
        drawDenseBlock(b);
        b.in("outer");
        const auto in = b.layer("block-input", {}, "in");
        const auto inner = b.block("fc", "inner", 2);
        b.link(in, inner);
        b.after(inner, "block-output", {}, "out");
        b.promote({{"size", inner, "width"}});
        drawMain(b, "outer", 1, {{"size", std::int64_t{7}}});
        const auto analysis = analyze(b.network);
        // Two Dense layers in a row are worth a remark, and nothing else is.
        QCOMPARE(analysis.diagnostics.size(), 1U);
        QCOMPARE(analysis.diagnostics.front().place.param, std::string("activation"));
        const auto index = analysis.indexOf("stage/1/inner/2/dense");
        QVERIFY(analysis.nodes[index].output == Shape{7});
        QCOMPARE(keysOf(lower(analysis)).front(), std::string("stage/1/inner/1/dense/weight"));
    }

    void severalPortsKeepTheirOrder() {
        NetworkBuilder b;
        b.in("cross");
        const auto a = b.layer("block-input", {}, "a");
        const auto c = b.layer("block-input", {}, "b");
        b.after(c, "block-output", {}, "first");
        b.after(a, "block-output", {}, "second");
        b.in("");
        const auto x = b.layer("input", {{"shape", IntTuple{3}}}, "x");
        const auto y = b.layer("input", {{"shape", IntTuple{4}}}, "y");
        const auto cross = b.block("cross", "cross");
        b.link(x, cross, 0);
        b.link(y, cross, 1);
        const auto first = b.layer("output", {}, "first");
        const auto second = b.layer("output", {}, "second");
        b.link(cross, first, 0, 0);
        b.link(cross, second, 0, 1);
        const auto graph = lower(b.network);
        QVERIFY(graph.type(graph.output("first")).sample() == Shape{4});
        QVERIFY(graph.type(graph.output("second")).sample() == Shape{3});
    }

    void faultsNameTheInstanceThatSetsTheValue() {
        NetworkBuilder b;
        drawDenseBlock(b);
        const auto main = drawMain(b, "fc", 1, {{"width", std::int64_t{0}}});
        const auto fault = find(analyze(b.network), "Units must be from 1 to 16777216, not 0.");
        QVERIFY(fault);
        QCOMPARE(fault->place.graph, std::string());
        QCOMPARE(*fault->place.node, main.instance);
        QCOMPARE(fault->place.param, std::string("width"));
        apply(b.network, fault->fixes.at(0).edit);
        QVERIFY(analyze(b.network).diagnostics.empty());
        QVERIFY(analyze(b.network).nodes.back().output == Shape{5});
    }

    void fixesOfPromotedParametersChangeTheInstance() {
        NetworkBuilder b;
        b.in("shrink");
        const auto in = b.layer("block-input", {}, "in");
        const auto pool = b.after(in, "max-pool2d", {}, "pool");
        b.after(pool, "block-output", {}, "out");
        b.promote({{"window", pool, "kernel"}});
        b.in("");
        const auto image = b.layer("input", {{"shape", IntTuple{1, 3, 3}}}, "image");
        const auto instance = b.block("shrink", "shrink", 1, {{"window", IntTuple{4, 4}}});
        b.link(image, instance);
        b.after(instance, "output");
        const auto fault =
            find(analyze(b.network), "Kernel 4×4 is larger than the padded input 3×3.");
        QVERIFY(fault);
        apply(b.network, fault->fixes.at(0).edit);
        QVERIFY(analyze(b.network).diagnostics.empty());
        QCOMPARE(b.network.main.find(instance)->params.at("window"), ParamValue(IntTuple{3, 3}));
    }

    void parametersThatNothingPromotesAreReported() {
        NetworkBuilder b;
        drawDenseBlock(b);
        drawMain(b, "fc", 1, {{"depth", std::int64_t{2}}});
        const auto fault = find(analyze(b.network), "The block \"fc\" has no parameter \"depth\".");
        QVERIFY(fault);
        apply(b.network, fault->fixes.at(0).edit);
        QVERIFY(analyze(b.network).diagnostics.empty());
    }

    void wholeNumbersFromFilesServeAsReals() {
        NetworkBuilder b;
        b.in("rest");
        const auto drop = b.after(b.layer("block-input", {}, "in"), "dropout", {}, "drop");
        b.after(drop, "block-output", {}, "out");
        b.promote({{"rate", drop, "rate"}});
        drawMain(b, "rest", 1, {{"rate", std::int64_t{0}}});
        QVERIFY(analyze(b.network).diagnostics.empty());
    }

    void faultsInABlockAreSaidOnce() {
        NetworkBuilder b;
        b.in("bad");
        const auto in = b.layer("block-input", {}, "in");
        b.after(in, "block-output", {}, "out");
        b.layer("add", {}, "loose");
        drawMain(b, "bad", 100);
        const auto analysis = analyze(b.network);
        QCOMPARE(analysis.diagnostics.size(), std::size_t{3});
        QVERIFY(find(analysis, "Input 0 of loose is not connected."));
        QVERIFY(find(analysis, "Input 1 of loose is not connected."));
        const auto loose =
            find(analysis, "loose leads to no Output; this branch is left out of training.");
        QVERIFY(loose);
        QCOMPARE(loose->place.path, std::string("stage/1/loose"));
        QCOMPARE(loose->place.graph, std::string("bad"));
    }

    void whatAnInstanceLacksIsSaidOfTheInstance() {
        NetworkBuilder b;
        drawDenseBlock(b);
        b.in("");
        const auto instance = b.block("fc", "stage");
        b.after(instance, "output", {}, "end");
        const auto analysis = analyze(b.network);
        QCOMPARE(analysis.diagnostics.size(), std::size_t{1});
        const auto fault = find(analysis, "Input 0 of stage is not connected.");
        QVERIFY(fault);
        QCOMPARE(*fault->place.node, instance);
        QCOMPARE(messageOf([&] { return lower(analysis); }),
                 "The network cannot run yet. stage: Input 0 of stage is not connected.");
    }

    void blocksThatCannotBeUnrolledAreReported() {
        NetworkBuilder missing;
        drawMain(missing, "nowhere");
        QVERIFY(find(analyze(missing.network), "The network has no block \"nowhere\"."));
        QCOMPARE(messageOf([&] { return lower(missing.network); }),
                 "The network cannot run yet. stage: The network has no block \"nowhere\".");

        NetworkBuilder recursive;
        recursive.in("b");
        recursive.in("a").block("b", "inner");
        recursive.in("b").block("a", "inner");
        recursive.in("").block("a", "start");
        QVERIFY(find(analyze(recursive.network), "The block \"a\" contains itself."));

        NetworkBuilder repeated;
        repeated.in("sink").layer("block-input", {}, "in");
        drawMain(repeated, "fc");
        repeated.in("").block("sink", "sink", 2);
        QVERIFY(find(analyze(repeated.network),
                     "A block that is repeated needs one input and one output; \"sink\" has 1 and "
                     "0."));

        NetworkBuilder misplaced;
        misplaced.in("odd").layer("input", {}, "data");
        misplaced.in("").block("odd", "odd");
        QVERIFY(find(analyze(misplaced.network),
                     "Input belongs in the network itself; a block uses Block input and Block "
                     "output."));
    }

    /// A few lines of a file must not unroll into hours of work.
    void explosionsAreBounded() {
        NetworkBuilder wide;
        std::string inner = "leaf";
        drawDenseBlock(wide, inner);
        for (int level = 0; level < 3; ++level) {
            const auto name = fmt::format("level{}", level);
            wide.in(name);
            const auto in = wide.layer("block-input", {}, "in");
            const auto many = wide.block(inner, "many", 1000);
            wide.link(in, many);
            wide.after(many, "block-output", {}, "out");
            inner = name;
        }
        drawMain(wide, inner, 1000);
        const QString refused = "Unrolled, the network would have more than 200000 layers.";
        QVERIFY(find(analyze(wide.network), refused));

        // Blocks without any layer: 2^30 instances.
        NetworkBuilder empty;
        empty.in("b0");
        for (int level = 1; level <= 30; ++level) {
            const auto below = fmt::format("b{}", level - 1);
            empty.in(fmt::format("b{}", level));
            empty.block(below, "left");
            empty.block(below, "right");
        }
        empty.in("").block("b30", "top");
        QVERIFY(find(analyze(empty.network), refused));

        NetworkBuilder deep;
        for (int level = 0; level <= 2000; ++level)
            deep.in(fmt::format("b{}", level));
        for (int level = 0; level < 2000; ++level)
            deep.in(fmt::format("b{}", level)).block(fmt::format("b{}", level + 1), "inner");
        deep.in("").block("b0", "top");
        QVERIFY(find(analyze(deep.network), "Blocks are nested deeper than 32 levels."));
    }
};

QTEST_APPLESS_MAIN(BlocksTest)
#include "tst_blocks.moc"
