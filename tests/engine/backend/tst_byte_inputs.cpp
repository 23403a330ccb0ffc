// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/rng.h"
#include "tests/engine/backend/compare_programs.h"

#include <QTest>

#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kBatch = 37;
constexpr std::size_t kChannels = 3, kPlane = 64;

/// A convolution of small images and the loss of their classes.
struct Net {
    OpGraph graph;
    ValueId image, label;

    Net() {
        image = graph.addInput("image", {Shape{3, 8, 8}});
        label = graph.addInput("label", {Shape{1}, DType::I32});
        const auto kernel = graph.addWeight({"kernel", {10, 3, 3, 3}, {}, {}});
        const auto bias = graph.addWeight({"bias", {10}, {}, {}});
        const auto maps =
            graph.add(ConvOp{.outChannels = 10, .kernel = {3, 3}}, {image}, "conv", {kernel, bias});
        const auto scores = graph.add(GlobalAveragePoolOp{}, {maps}, "pool");
        graph.addLoss(graph.add(SoftmaxCrossEntropyOp{}, {scores, label}, "loss"), 1.0);
        graph.setOutputs({{"scores", scores}});
    }
};

/// The same images as bytes and as values.
struct Images {
    ByteScaling scaling{{0.5F, 0.01F, 2}, {-1, 0, 3}};
    std::vector<std::uint8_t> bytes;
    std::vector<float> values;
    std::vector<std::int32_t> labels;

    Images() {
        const Rng rng(1, RngStream::Test);
        for (std::size_t i = 0; i < std::size_t{kBatch} * kChannels * kPlane; ++i) {
            const auto channel = i / kPlane % kChannels;
            bytes.push_back(static_cast<std::uint8_t>(rng.below(i, 256)));
            const float product = static_cast<float>(bytes.back()) * scaling.factors[channel];
            values.push_back(product + scaling.offsets[channel]);
        }
        for (std::int32_t i = 0; i < kBatch; ++i)
            labels.push_back(i % 10);
    }
};

} // namespace

/// Batches of bytes are scaled by the program.
class ByteInputsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void areLikeValues_data() {
        QTest::addColumn<bool>("reference");
        QTest::addColumn<CompileOptions>("options");
        auto parts = training(kBatch);
        parts.parts = 3;
        const CompileOptions predicting{.batch = kBatch, .mode = Mode::Inference};
        QTest::newRow("training") << false << training(kBatch);
        QTest::newRow("in parts") << false << parts;
        QTest::newRow("in chunks") << false << predicting;
        QTest::newRow("reference") << true << training(kBatch, Precision::F64);
    }
    void areLikeValues() {
        QFETCH(bool, reference);
        QFETCH(CompileOptions, options);
        const Net net;
        const auto backend = reference ? makeReferenceBackend() : makeOneDnnBackend();
        const auto program = backend->compile(net.graph, options);
        initializeWeights(*program->weights(), 1);
        const Images images;
        const auto scores = net.graph.output("scores");
        const auto outputOf = [&](const BatchInput& input) {
            const std::vector<BatchInput> inputs{input, {net.label, images.labels.data()}};
            return program->forward(inputs) ? program->read(scores) : Tensor();
        };
        const auto expected = outputOf({net.image, images.values.data()});
        QVERIFY(expected.shape() == (Shape{kBatch, 10}));
        QVERIFY(outputOf({net.image, images.bytes.data(), &images.scaling}) == expected);
    }
};

QTEST_GUILESS_MAIN(ByteInputsTest)
#include "tst_byte_inputs.moc"
