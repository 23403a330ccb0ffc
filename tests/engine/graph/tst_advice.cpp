// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

const ParamValues kSigmoid = {{"activation", std::string("sigmoid")}};

NodeId image(NetworkBuilder& b, IntTuple shape) {
    return b.layer("input", {{"shape", std::move(shape)}}, "image");
}

std::optional<Diagnostic> about(const Network& network, const char* part) {
    const auto analysis = analyze(network);
    const auto found = std::ranges::find_if(analysis.diagnostics, [&](const Diagnostic& each) {
        return each.message.find(part) != std::string::npos;
    });
    if (found != analysis.diagnostics.end())
        return *found;
    return {};
}

/// Makes the fix of that number; the network then has no diagnostic with these words.
void fixes(Network network, const char* part, std::size_t which = 0) {
    const auto found = about(network, part);
    QVERIFY(found.has_value());
    QVERIFY(found->fixes.size() > which);
    apply(network, found->fixes[which].edit);
    QVERIFY(!about(network, part).has_value());
    QVERIFY(!analyze(network).hasErrors());
}

} // namespace

/// What teaches: each kind of advice where it belongs, nowhere else, and its fix.
class AdviceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingIsSaidOfASoundNetwork() {
        QVERIFY(analyze(lenet()).diagnostics.empty());
        QVERIFY(analyze(residualNetwork()).diagnostics.empty());
    }

    /// A value less the mean of itself alone.
    void meansOfSingleValues() {
        const auto with = [](const char* norm, IntTuple shape, ParamValues params = {}) {
            NetworkBuilder b;
            b.after(b.after(image(b, std::move(shape)), norm, std::move(params)), "output");
            return b.network;
        };
        const auto* const words = "nothing of its input is left";
        const ParamValues four = {{"groups", std::int64_t{4}}};
        fixes(with("group-norm", {4, 1, 1}, four), words);
        fixes(with("group-norm", {4}, four), words);
        QVERIFY(!about(with("group-norm", {4, 1, 2}, four), words));
        QVERIFY(!about(with("group-norm", {4, 1, 1}, {{"groups", std::int64_t{2}}}), words));
        QVERIFY(about(with("instance-norm", {4, 1, 1}), words));
        QVERIFY(about(with("instance-norm", {1, 4}), words));
        QVERIFY(!about(with("instance-norm", {4, 2, 1}), words));
        QVERIFY(about(with("layer-norm", {1, 3, 3}), words));
        QVERIFY(!about(with("layer-norm", {1, 3, 3}, {{"over", std::string("all")}}), words));
        // Which subtracts no mean.
        QVERIFY(!about(with("rms-norm", {1, 3, 3}), words));
    }

    void weightsThatStartAlike() {
        const auto with = [](const char* initializer, const char* layer) {
            NetworkBuilder b;
            auto x = image(b, {8});
            for (const std::string_view name : {"hidden", "scores"})
                x = b.after(x, "dense",
                            {{"initializer", std::string(name == layer ? initializer : "auto")}});
            b.after(x, "output");
            return b.network;
        };
        for (const auto* initializer : {"zeros", "constant"}) {
            QVERIFY(about(with(initializer, "hidden"), "start with the same value").has_value());
            fixes(with(initializer, "hidden"), "start with the same value");
            // Nothing that learns comes behind it.
            QVERIFY(!about(with(initializer, "scores"), "start with the same value").has_value());
        }
        QVERIFY(!about(with("normal", "hidden"), "start with the same value").has_value());
    }

    void sigmoidsInADeepStack() {
        NetworkBuilder b;
        auto x = image(b, {8});
        for (int i = 0; i < 3; ++i)
            x = b.after(x, "dense", kSigmoid);
        auto three = b;
        three.after(x, "output");
        QVERIFY(!about(three.network, "sigmoids"));
        x = b.after(x, "dense", kSigmoid);
        b.after(x, "output");
        const auto found = about(b.network, "4 sigmoids follow one another");
        QVERIFY(found.has_value());
        QVERIFY(found->severity == Severity::Warning);
        fixes(b.network, "sigmoids");
    }

    void normalizationBetweenSigmoidsIsEnough_data() {
        QTest::addColumn<std::string>("layer");
        for (const auto* layer : {"batch-norm", "layer-norm", "rms-norm"})
            QTest::newRow(layer) << std::string(layer);
    }
    void normalizationBetweenSigmoidsIsEnough() {
        QFETCH(std::string, layer);
        NetworkBuilder b;
        auto x = image(b, {8});
        for (int i = 0; i < 6; ++i)
            x = b.after(b.after(x, "dense", kSigmoid), layer);
        b.after(x, "output");
        QVERIFY(!about(b.network, "sigmoids"));
    }

    void aBiasInFrontOfBatchNormalization() {
        NetworkBuilder b;
        auto x = b.after(image(b, {1, 8, 8}), "conv2d", {}, "conv");
        b.after(b.after(x, "batch-norm"), "output");
        const auto found = about(b.network, "The bias of conv does nothing");
        QVERIFY(found.has_value());
        QCOMPARE(found->place.param, std::string("bias"));
        fixes(b.network, "The bias of conv");
    }

    void twoDenseLayersWithNothingBetween() {
        NetworkBuilder b;
        auto x = b.after(image(b, {8}), "dense", {}, "first");
        x = b.after(b.after(x, "dropout"), "dense", {}, "second");
        b.after(x, "output");
        QVERIFY(about(b.network, "There is no activation between first and second"));
        fixes(b.network, "There is no activation between");
    }

    void dropoutInFrontOfBatchNormalization() {
        NetworkBuilder b;
        auto x = b.after(image(b, {8}), "dense", {{"bias", false}}, "dense");
        x = b.after(b.after(x, "dropout", {}, "drop"), "batch-norm", {}, "norm");
        b.after(x, "output", {}, "end");
        QVERIFY(about(b.network, "drop drops values before norm"));
        auto network = b.network;
        apply(network, about(network, "drop drops")->fixes.front().edit);
        QVERIFY(!about(network, "drop drops"));
        const auto& graph = network.main;
        const auto* into = graph.linkInto({graph.findByName("end")->id, {0}});
        QCOMPARE(graph.find(into->from.node)->name, std::string("drop"));
    }

    void aDenseLayerWithNearlyAllParameters() {
        NetworkBuilder b;
        auto x = b.after(image(b, {1, 28, 28}), "conv2d", {}, "conv");
        x = b.after(b.after(x, "flatten"), "dense", {{"units", std::int64_t{10}}}, "fc");
        b.after(x, "output");
        const auto found = about(b.network, "fc holds 99.9 % of all parameters");
        QVERIFY(found.has_value());
        QVERIFY(found->severity == Severity::Info);
        fixes(b.network, "of all parameters");
    }

    void aResidualBranchOfOtherWidth() {
        NetworkBuilder b;
        const auto in = image(b, {8, 16, 16});
        const auto conv = b.after(in, "conv2d",
                                  {{"filters", std::int64_t{16}},
                                   {"stride", IntTuple{2, 2}},
                                   {"padding", std::string("same")}},
                                  "conv");
        const auto sum = b.after(conv, "add", {}, "sum");
        b.link(in, sum, 1);
        b.after(sum, "output");
        const auto found = about(b.network, "Add takes inputs of one shape");
        QVERIFY(found.has_value());
        QCOMPARE(found->fixes.front().title, std::string("Project image to 16×8×8"));
        fixes(b.network, "Add takes inputs");
    }

    void aBranchThatLostItsEdges() {
        NetworkBuilder b;
        const auto in = image(b, {8, 16, 16});
        const ParamValues valid = {{"filters", std::int64_t{8}}, {"padding", std::string("valid")}};
        const auto conv = b.after(b.after(in, "conv2d", valid), "conv2d", valid, "conv");
        const auto sum = b.after(conv, "add", {}, "sum");
        b.link(in, sum, 1);
        b.after(sum, "output");
        QCOMPARE(about(b.network, "Add takes")->fixes.front().title,
                 std::string("Use same padding on the way to conv"));
        fixes(b.network, "Add takes inputs");
    }

    void loose() {
        NetworkBuilder b;
        const auto in = image(b, {8});
        b.after(b.after(in, "dense", {}, "fc"), "output");
        b.after(in, "relu", {}, "aux");
        fixes(b.network, "aux leads to no Output", 0); // an Output
        fixes(b.network, "aux leads to no Output", 1); // or away with it
        NetworkBuilder none;
        none.after(image(none, {8}), "dense", {}, "fc");
        fixes(none.network, "has no Output");
    }
};

QTEST_GUILESS_MAIN(AdviceTest)
#include "tst_advice.moc"
