// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <algorithm>
#include <functional>

using namespace gradwright;
using namespace gradwright::test;

namespace {

struct Faulty {
    std::string name;
    std::function<void(NetworkBuilder&)> draw;
    Severity severity;
    QString message;
    std::string node;               ///< where it is reported
    std::vector<std::string> fixes; ///< titles; each makes the message go away
};

NodeId image(NetworkBuilder& b, IntTuple shape = {3, 5, 4}) {
    return b.layer("input", {{"shape", std::move(shape)}}, "image");
}

/// Every fault that the analysis of a network can report, but for those of blocks (tst_blocks).
std::vector<Faulty> faults() {
    using B = NetworkBuilder;
    const auto whole = [](std::int64_t value) { return ParamValue(value); };
    const auto ended = [](B& b, NodeId last) { b.after(last, "output", {}, "end"); };
    return {
        {"no output",
         [](B& b) { image(b); },
         Severity::Warning,
         "The network has no Output; training needs one.",
         "",
         {"Add an Output"}},
        {"not connected",
         [](B& b) { b.layer("output", {}, "end"); },
         Severity::Warning,
         "Input 0 of end is not connected.",
         "end",
         {}},
        {"second input not connected",
         [=](B& b) { ended(b, b.after(image(b), "add", {}, "sum")); },
         Severity::Warning,
         "Input 1 of sum is not connected.",
         "sum",
         {}},
        {"a step as a layer",
         [=](B& b) {
             const auto x = b.layer("input", {{"shape", IntTuple{5}}}, "vector");
             ended(b, b.after(b.after(x, "dense", {}, "sum"), "step", {}, "fires"));
         },
         Severity::Warning,
         "The step of fires has slope zero: gradient descent cannot train what comes before it; "
         "the perceptron rule can.",
         "fires",
         {}},
        {"a step as an activation",
         [=](B& b) {
             const auto x = b.layer("input", {{"shape", IntTuple{5}}}, "vector");
             ended(b, b.after(x, "dense", {{"activation", std::string("step")}}, "unit"));
         },
         Severity::Warning,
         "The step of unit has slope zero: gradient descent cannot train what comes before it; the "
         "perceptron rule can.",
         "unit",
         {"Use the sigmoid"}},
        {"loose end",
         [=](B& b) {
             const auto x = image(b);
             b.after(x, "relu", {}, "loose");
             ended(b, x);
         },
         Severity::Warning,
         "loose leads to no Output; this branch is left out of training.",
         "loose",
         {"Add an Output after it", "Remove loose"}},
        {"unknown layer",
         [=](B& b) { ended(b, b.after(image(b), "quantum-fold", {}, "fold")); },
         Severity::Error,
         "This version does not know the layer \"quantum-fold\" of fold.",
         "fold",
         {}},
        {"parameter out of range",
         [=](B& b) {
             ended(b, b.after(image(b), "dropout", {{"rate", 1.5}}, "drop"));
         },
         Severity::Error,
         "Rate must be at least 0 and less than 1, not 1.5.",
         "drop",
         {"Use the default"}},
        {"unknown parameter",
         [=](B& b) {
             ended(b, b.after(image(b), "relu", {{"knob", 1.0}}, "act"));
         },
         Severity::Error,
         "There is no parameter called \"knob\" here.",
         "act",
         {"Remove it"}},
        {"block port in the main graph",
         [](B& b) { b.layer("block-input", {}, "port"); },
         Severity::Error,
         "Block input belongs inside a block; the network itself uses Input and Output.",
         "port",
         {}},
        {"too large",
         [=](B& b) {
             ended(b, image(b, {1 << 24, 1 << 24, 1 << 24}));
         },
         Severity::Error,
         "Input: a tensor of shape 16777216×16777216×16777216 cannot be held in memory.",
         "image",
         {}},
        {"too many weights",
         [=](B& b) {
             ended(b, b.after(image(b, {1 << 24}), "dense", {{"units", whole(1 << 24)}}, "wide"));
         },
         Severity::Error,
         "Dense: a tensor of shape 16777216×16777216 cannot be held in memory.",
         "wide",
         {}},
        {"dense on an image",
         [=](B& b) { ended(b, b.after(image(b), "dense", {}, "fc")); },
         Severity::Error,
         "Dense takes a vector; received 3×5×4.",
         "fc",
         {"Insert Flatten", "Insert Global average pool"}},
        {"softmax on an image",
         [=](B& b) { ended(b, b.after(image(b), "softmax", {}, "p")); },
         Severity::Error,
         "Softmax takes a vector of class scores; received 3×5×4.",
         "p",
         {"Insert Flatten"}},
        {"convolution of a vector",
         [=](B& b) { ended(b, b.after(image(b, {784}), "conv2d", {}, "conv")); },
         Severity::Error,
         "Conv 2D takes an image of channels × rows × columns; received 784.",
         "conv",
         {}},
        {"kernel too large",
         [=](B& b) {
             ended(b, b.after(image(b), "conv2d",
                              {{"kernel", IntTuple{7, 3}}, {"dilation", IntTuple{1, 2}}}, "conv"));
         },
         Severity::Error,
         "Kernel 7×3 at dilation 1×2 is larger than the padded input 5×4.",
         "conv",
         {"Set kernel to 5×2", "Use same padding"}},
        {"padded kernel too large",
         [=](B& b) {
             ended(b, b.after(image(b), "conv2d",
                              {{"kernel", IntTuple{9, 9}},
                               {"padding", std::string("explicit")},
                               {"padding_sides", IntTuple{1, 2, 3, 4}}},
                              "conv"));
         },
         Severity::Error,
         "Kernel 9×9 is larger than the padded input 8×11.",
         "conv",
         {"Set kernel to 8×9", "Use same padding"}},
        {"groups",
         [=](B& b) {
             ended(b, b.after(image(b), "conv2d", {{"groups", whole(2)}, {"filters", whole(4)}},
                              "conv"));
         },
         Severity::Error,
         "Groups must divide the input channels and the filters; received 2 groups, 3 channels, 4 "
         "filters.",
         "conv",
         {"Set groups to 1"}},
        {"pool too large",
         [=](B& b) {
             ended(b, b.after(image(b), "max-pool2d", {{"kernel", IntTuple{6, 2}}}, "pool"));
         },
         Severity::Error,
         "Kernel 6×2 is larger than the padded input 5×4.",
         "pool",
         {"Set kernel to 5×2", "Use same padding"}},
        {"pool of a vector",
         [=](B& b) { ended(b, b.after(image(b, {7}), "average-pool2d", {}, "pool")); },
         Severity::Error,
         "Pooling takes an image of channels × rows × columns; received 7.",
         "pool",
         {}},
        {"padding as wide as the window",
         [=](B& b) {
             ended(b, b.after(image(b), "average-pool2d",
                              {{"padding", std::string("explicit")},
                               {"padding_sides", IntTuple{0, 2, 1, 1}}},
                              "pool"));
         },
         Severity::Error,
         "Pooling needs padding smaller than its kernel on every side; received padding of up to "
         "2×1 with kernel 2×2.",
         "pool",
         {"Use same padding"}},
        {"global pool of a vector",
         [=](B& b) { ended(b, b.after(image(b, {7}), "global-average-pool", {}, "pool")); },
         Severity::Error,
         "Global average pool takes a sequence, an image or a volume; received 7.",
         "pool",
         {}},
        {"sum of different shapes",
         [=](B& b) {
             const auto x = image(b);
             const auto sum = b.after(x, "add", {}, "sum");
             b.link(b.after(x, "max-pool2d"), sum, 1);
             ended(b, sum);
         },
         Severity::Error,
         "Add takes inputs of one shape; received 3×5×4 and 3×2×2.",
         "sum",
         {"Project image to 3×2×2"}},
        {"joint of different shapes",
         [=](B& b) {
             const auto x = image(b);
             const auto joint = b.after(x, "concatenate", {}, "joint");
             b.link(b.after(x, "max-pool2d"), joint, 1);
             ended(b, joint);
         },
         Severity::Error,
         "Concatenate takes inputs that agree in all but axis 0; received 3×5×4 and 3×2×2.",
         "joint",
         {}},
        {"axis that does not exist",
         [=](B& b) {
             const auto x = image(b, {7});
             const auto joint = b.after(x, "concatenate", {{"axis", whole(2)}}, "joint");
             b.link(x, joint, 1);
             ended(b, joint);
         },
         Severity::Error,
         "Axis 2 does not exist in 7, which has axes 0 to 0.",
         "joint",
         {"Set axis to 0"}},
    };
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

class AnalysisTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void faultsAreSaidAndFixed_data() {
        QTest::addColumn<std::size_t>("index");
        const auto all = faults();
        for (std::size_t i = 0; i < all.size(); ++i)
            QTest::newRow(all[i].name.c_str()) << i;
    }
    void faultsAreSaidAndFixed() {
        QFETCH(std::size_t, index);
        const auto fault = faults()[index];
        NetworkBuilder b;
        fault.draw(b);
        const auto analysis = analyze(b.network);
        const auto diagnostic = find(analysis, fault.message);
        QVERIFY(diagnostic);
        QCOMPARE(diagnostic->severity, fault.severity);
        QCOMPARE(diagnostic->place.graph, std::string());
        QCOMPARE(diagnostic->place.node.has_value(), !fault.node.empty());
        if (diagnostic->place.node) {
            QCOMPARE(b.network.main.find(*diagnostic->place.node)->name, fault.node);
            QCOMPARE(diagnostic->place.path, fault.node);
        }
        std::vector<std::string> titles;
        for (const auto& fix : diagnostic->fixes)
            titles.push_back(fix.title);
        QCOMPARE(titles, fault.fixes);
        for (const auto& fix : diagnostic->fixes) {
            auto fixed = b.network;
            const auto undo = apply(fixed, fix.edit);
            const auto after = analyze(fixed);
            QVERIFY2(!after.hasErrors(), fix.title.c_str());
            apply(fixed, undo);
            QVERIFY(fixed == b.network);
        }
    }

    void everyInputWithoutALinkIsNamed() {
        NetworkBuilder b;
        b.after(b.layer("add", {}, "sum"), "output");
        const auto analysis = analyze(b.network);
        QVERIFY(find(analysis, "Input 0 of sum is not connected."));
        QVERIFY(find(analysis, "Input 1 of sum is not connected."));
        QCOMPARE(analysis.diagnostics.size(), std::size_t{2});
        QVERIFY(!analysis.hasErrors());
    }

    void shapesAreKnownPendingOrContradictory() {
        NetworkBuilder b;
        const auto x = image(b);
        const auto conv = b.after(x, "conv2d", {}, "conv");
        const auto fc = b.after(conv, "dense", {}, "fc");
        b.after(fc, "output", {}, "end");
        const auto analysis = analyze(b.network);
        const auto state = [&](const char* path) {
            return analysis.nodes[analysis.indexOf(path)].state;
        };
        QCOMPARE(state("image"), ShapeState::Known);
        QCOMPARE(state("conv"), ShapeState::Known);
        QCOMPARE(state("fc"), ShapeState::Contradiction);
        QCOMPARE(state("end"), ShapeState::Pending);
        QVERIFY(analysis.nodes[analysis.indexOf("conv")].output == (Shape{32, 3, 2}));
        QVERIFY(*analysis.nodes[analysis.indexOf("fc")].inputs[0] == (Shape{32, 3, 2}));
        QVERIFY(!analysis.nodes[analysis.indexOf("end")].inputs[0]);
        // What waits for another layer is no fault of its own.
        QCOMPARE(analysis.diagnostics.size(), std::size_t{1});
        QVERIFY_THROWS_EXCEPTION(Error, static_cast<void>(analysis.indexOf("nowhere")));
    }

    void anEmptyNetworkIsNoFault() { QVERIFY(analyze({}).diagnostics.empty()); }

    void lenetHasItsParametersAndMacs() {
        const auto analysis = analyze(lenet());
        QVERIFY(analysis.diagnostics.empty());
        QCOMPARE(analysis.parameters, 61'706);
        QCOMPARE(analysis.macs, 117'600 + 240'000 + 48'000 + 10'080 + 840);
        QVERIFY(analysis.nodes[analysis.indexOf("flatten")].output == (Shape{400}));
    }

    void whatReachesNoOutputDoesNotCount() {
        auto network = lenet();
        const auto* conv = network.main.findByName("conv1");
        NetworkBuilder b;
        b.network = std::move(network);
        b.after(conv->id, "batch-norm", {}, "spare");
        const auto analysis = analyze(b.network);
        QVERIFY(!analysis.nodes[analysis.indexOf("spare")].reachesOutput);
        QCOMPARE(analysis.nodes[analysis.indexOf("spare")].parameters, 12);
        QCOMPARE(analysis.parameters, 61'706);
    }

    void beforeThereIsAnOutputAllLayersCount() {
        NetworkBuilder b;
        const auto conv =
            b.after(image(b, {1, 28, 28}), "conv2d",
                    {{"filters", std::int64_t{32}}, {"kernel", IntTuple{3, 3}}}, "conv");
        const auto open = analyze(b.network);
        QCOMPARE(open.parameters, 320); // 32 filters of 3 × 3 and a bias each
        QCOMPARE(open.macs, 32 * 9 * 26 * 26);
        b.after(conv, "output");
        QCOMPARE(analyze(b.network).parameters, 320);
    }

    void aThousandNodesAreAnalysedWhole() {
        NetworkBuilder b;
        auto x = image(b, {4, 16, 16});
        for (int i = 0; i < 249; ++i) {
            const auto conv = b.after(x, "conv2d",
                                      {{"filters", std::int64_t{4}},
                                       {"padding", std::string("same")},
                                       {"activation", std::string("relu")}});
            const auto norm = b.after(conv, "batch-norm");
            const auto sum = b.after(norm, "add");
            b.link(x, sum, 1);
            x = b.after(sum, "relu");
        }
        b.after(b.after(x, "global-average-pool"), "output");
        QCOMPARE(b.network.main.nodes().size(), std::size_t{999});
        QBENCHMARK_ONCE {
            const auto analysis = analyze(b.network);
            QVERIFY(analysis.diagnostics.empty());
            QCOMPARE(analysis.parameters, 249 * (4 * 4 * 9 + 4 + 8));
        }
    }
};

QTEST_APPLESS_MAIN(AnalysisTest)
#include "tst_analysis.moc"
