// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/ops/fake_quantize.h"
#include "engine/passes/quantization/fake_quantization.h"
#include "engine/passes/quantization/quantize.h"
#include "engine/passes/verify.h"
#include "engine/training/settings.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <random>

using namespace gradwright;

namespace {

Tensor vectorOf(const std::vector<float>& values) {
    return Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values);
}

std::vector<double> doublesOf(const Tensor& tensor) {
    return numbersOf(tensor);
}

std::vector<float> noise(std::size_t size, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> draw;
    std::vector<float> values(size);
    std::ranges::generate(values, [&] { return draw(random); });
    return values;
}

UpdateRule descent() {
    TrainingSettings settings;
    settings.optimizer = {"sgd", {}};
    return settings.updateRule();
}

bool areClose(const std::vector<double>& made, const std::vector<double>& expected, double most) {
    if (made.size() != expected.size())
        return false;
    double difference = 0;
    double norm = 0;
    for (std::size_t i = 0; i < made.size(); ++i) {
        difference += std::pow(made[i] - expected[i], 2);
        norm += std::pow(expected[i], 2);
    }
    // That of a bias in front of a normalization is nothing but rounding.
    constexpr double kLeastNorm = 0.01;
    return std::sqrt(difference) <= most * std::max(std::sqrt(norm), kLeastNorm);
}

/// Convolutions (plain, depthwise, in groups), a normalization, a shortcut and a dense layer; the
/// loss is the weighted sum of what comes out.
struct Network {
    OpGraph graph;
    ValueId image, factors;

    Network() {
        image = graph.addInput("image", ValueType(Shape{3, 8, 8}));
        factors = graph.addInput("factors", ValueType(Shape{6}));
        auto x = relu("relu1", conv("conv1", image, 16, 3, 1));
        auto inner = conv("depthwise", x, 16, 3, 16);
        inner = relu("relu2", normalized("norm", inner, 16));
        x = graph.add(AddOp{}, {conv("grouped", inner, 16, 1, 4), x}, "sum");
        x = graph.add(PoolOp{}, {relu("relu3", x)}, "pool");
        x = graph.add(ReshapeOp::ofSample({256}), {x}, "flatten");
        x = dense("hidden", x, 20);
        x = dense("scores", relu("relu4", x), 6);
        const auto weighted = graph.add(BinaryOp{BinaryKind::Multiply}, {x, factors}, "loss");
        const auto loss = graph.add(ReduceOp{.kind = ReduceKind::Sum, .axes = {1}, .keep = true},
                                    {weighted}, "loss");
        graph.addLoss(loss, 1);
        graph.addOutput("scores", x);
    }

    static constexpr std::int64_t kBatch = 5;

    struct Step {
        std::vector<double> scores;
        std::vector<std::vector<double>> gradients; ///< of the weights that learn
        std::vector<std::vector<double>> after;     ///< the weights after three steps
    };
    [[nodiscard]] static Step stepOf(const OpGraph& what, const Backend& backend,
                                     Precision precision, bool rounded) {
        const auto program = backend.compile(
            what,
            {.batch = kBatch, .precision = precision, .mode = Mode::Training, .update = descent()});
        auto& store = *program->weights();
        for (std::uint32_t i = 0; i < what.weights().size(); ++i)
            store.write(WeightId{i}, firstValue(what.weights()[i], i, rounded));
        const auto given = noise(kBatch * 3 * 8 * 8, 5);
        const auto factor = noise(kBatch * 6, 6);
        const std::vector<BatchInput> inputs{{what.input("image"), given.data()},
                                             {what.input("factors"), factor.data()}};
        Step step;
        for (std::uint64_t number = 0; number < 3; ++number) {
            program->forward(inputs);
            program->backward();
            if (number == 0) {
                step.scores = doublesOf(program->read(what.output("scores")));
                for (std::uint32_t i = 0; i < what.weights().size(); ++i)
                    if (what.weights()[i].learns())
                        step.gradients.push_back(doublesOf(store.readGradient(WeightId{i})));
            }
            program->update(1e-5, number + 1);
        }
        for (std::uint32_t i = 0; i < what.weights().size(); ++i)
            step.after.push_back(doublesOf(store.read(WeightId{i})));
        return step;
    }

    /// A kernel whose channels are rounded by a loop, where that is asked for.
    static Tensor firstValue(const WeightSpec& spec, std::uint32_t number, bool rounded) {
        if (spec.key.ends_with(kScaleOfValue))
            return vectorOf({0.02F});
        if (spec.key.ends_with(kZeroOfValue))
            return vectorOf({spec.key.starts_with("image") ? 120.0F : 0.0F});
        if (spec.key.ends_with("variance"))
            return vectorOf(std::vector<float>(static_cast<std::size_t>(spec.shape[0]), 1));
        auto values = noise(static_cast<std::size_t>(spec.shape.elements()), 100 + number);
        for (auto& value : values)
            value *= 0.2F;
        if (rounded && spec.shape.rank() > 1) {
            const auto length = values.size() / static_cast<std::size_t>(spec.shape[0]);
            for (std::size_t first = 0; first < values.size(); first += length) {
                float largest = 0;
                for (auto i = first; i < first + length; ++i)
                    largest = std::max(largest, std::abs(values[i]));
                const float scale = largest / 127;
                for (auto i = first; i < first + length; ++i)
                    values[i] =
                        scale * static_cast<float>(std::lround(double{values[i]} / double{scale}));
            }
        }
        return Tensor::of<float>(spec.shape, values);
    }

private:
    WeightId weight(const std::string& key, Shape shape, bool trainable = true) {
        return graph.addWeight({.key = key,
                                .shape = std::move(shape),
                                .initializer = {},
                                .fans = {},
                                .trainable = trainable});
    }
    ValueId conv(const std::string& path, ValueId x, std::int64_t channels, std::int64_t kernel,
                 std::int64_t groups) {
        const auto pad = kernel / 2;
        const auto in = graph.type(x).sample()[0];
        return graph.add(ConvOp{.outChannels = channels,
                                .kernel = {kernel, kernel},
                                .padding = {pad, pad, pad, pad},
                                .groups = groups},
                         {x}, path,
                         {weight(path + "/weight", {channels, in / groups, kernel, kernel}),
                          weight(path + "/bias", {channels})});
    }
    ValueId dense(const std::string& path, ValueId x, std::int64_t units) {
        return graph.add(DenseOp{.units = units}, {x}, path,
                         {weight(path + "/weight", {units, graph.type(x).sample()[0]}),
                          weight(path + "/bias", {units})});
    }
    ValueId relu(const std::string& path, ValueId x) {
        return graph.add(ActivationOp{{ActivationKind::Relu}}, {x}, path);
    }
    ValueId normalized(const std::string& path, ValueId x, std::int64_t channels) {
        return graph.add(BatchNormOp{}, {x}, path,
                         {weight(path + "/weight", {channels}), weight(path + "/bias", {channels}),
                          weight(path + "/mean", {channels}, false),
                          weight(path + "/variance", {channels}, false)});
    }
};

std::vector<std::string> keysOf(const OpGraph& graph, std::string_view ending) {
    std::vector<std::string> keys;
    for (const auto& spec : graph.weights())
        if (spec.key.ends_with(ending))
            keys.push_back(spec.key.substr(0, spec.key.size() - ending.size()));
    return keys;
}

} // namespace

/// Rounding in the forward pass and gradients that go through it.
class FakeQuantizationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// torch.fake_quantize_per_tensor_affine(x, 0.01, 50, 0, 255) and the gradient of its weighted
    /// sum, of PyTorch 2.15.
    void numbersAndGradientsAreThoseOfPyTorch_data() { engines(); }
    void numbersAndGradientsAreThoseOfPyTorch() {
        QFETCH(bool, isReference);
        const std::vector<float> x{-1.3F,  -0.62F,  -0.5049F, -0.5051F, -0.02F,  0, 0.3333F,
                                   1.234F, 2.0451F, 2.046F,   2.0549F,  2.0551F, 5};
        const std::vector<double> rounded{-0.5, -0.5, -0.5, -0.5, -0.02, 0,   0.33,
                                          1.23, 2.05, 2.05, 2.05, 2.05,  2.05};
        const std::vector<double> gradient{0, 0, 3, 0, 5, 6, 7, 8, 9, 10, 11, 0, 0};
        OpGraph graph;
        const auto factors = graph.addInput("factors", ValueType(Shape{13}));
        const auto id = graph.addWeight({.key = "x", .shape = {13}, .initializer = {}, .fans = {}});
        const auto scale = graph.addConstant(vectorOf({0.01F}), "scale");
        const auto zero = graph.addConstant(vectorOf({50}), "zero");
        const auto y = graph.add(FakeQuantizeOp{}, {graph.weightValue(id), scale, zero}, "round");
        const auto product = graph.add(BinaryOp{BinaryKind::Multiply}, {factors, y}, "product");
        graph.addLoss(graph.add(ReduceOp{.kind = ReduceKind::Sum, .axes = {1}, .keep = true},
                                {product}, "sum"),
                      1);
        graph.addOutput("y", product);
        const auto backend = isReference ? makeReferenceBackend() : makeOneDnnBackend();
        const auto program =
            backend->compile(graph, {.batch = 1,
                                     .precision = isReference ? Precision::F64 : Precision::F32,
                                     .mode = Mode::Training});
        program->weights()->write(id, vectorOf(x));
        std::vector<float> given(13, 1);
        program->forward(std::vector{BatchInput{factors, given.data()}});
        QVERIFY(areClose(doublesOf(program->read(product)), rounded, 1e-6));
        for (std::size_t i = 0; i < given.size(); ++i)
            given[i] = static_cast<float>(i + 1);
        program->forward(std::vector{BatchInput{factors, given.data()}});
        program->backward();
        QCOMPARE(doublesOf(program->weights()->readGradient(id)), gradient);
    }

    /// torch.fake_quantize_per_channel_affine(w, max|w| / 127, 0, 0, -127, 127), and groups.
    void weightsAreRoundedByChannelOrGroup() {
        const std::vector<double> w{0.31, -1.27, 0.6251, 0.02, 0.013, -0.0071};
        std::vector<double> made(6);
        roundWeights<double>({.most = 127}, 2, w, made);
        QVERIFY(areClose(made, {0.31, -1.27, 0.63, 0.02, 0.013070866, -0.007086614}, 1e-6));
        roundWeights<double>({.most = 7, .group = 2}, 2, w, made);
        QVERIFY(areClose(made, {2 * 1.27 / 7, -1.27, 0.6251, 0.02, 5 * 0.02 / 7, -0.0071}, 1e-6));
    }

    /// The gradient of a rounded kernel is that of a kernel which was given rounded.
    void kernelsAreReadRounded_data() { engines(); }
    void kernelsAreReadRounded() {
        QFETCH(bool, isReference);
        const auto backend = isReference ? makeReferenceBackend() : makeOneDnnBackend();
        const auto precision = isReference ? Precision::F64 : Precision::F32;
        const Network network;
        auto rounding = network.graph;
        for (std::uint32_t i = 0; i < rounding.weights().size(); ++i)
            if (rounding.weights()[i].shape.rank() > 1)
                rounding.setRounding(WeightId{i}, WeightRounding{});
        const auto made = Network::stepOf(rounding, *backend, precision, false);
        const auto expected = Network::stepOf(network.graph, *backend, precision, true);
        const auto real = Network::stepOf(network.graph, *backend, precision, false);
        QVERIFY(areClose(made.scores, expected.scores, 1e-5));
        QVERIFY(!areClose(made.scores, real.scores, 1e-4));
        for (std::size_t i = 0; i < made.gradients.size(); ++i)
            QVERIFY(areClose(made.gradients[i], expected.gradients[i], 1e-4));
        // The optimizer moves the weights as they are, not as they are read.
        QVERIFY(areClose(made.after[0], real.after[0], 1e-3));
        QVERIFY(!areClose(made.after[0], expected.after[0], 1e-3));
    }

    void enginesAgree() {
        Network network;
        addFakeQuantization(network.graph, TrainedIntegers::Int8);
        const auto reference =
            Network::stepOf(network.graph, *makeReferenceBackend(), Precision::F64, false);
        const auto made =
            Network::stepOf(network.graph, *makeOneDnnBackend(), Precision::F32, false);
        // A number between two steps may be rounded to either.
        QVERIFY(areClose(made.scores, reference.scores, 0.01));
        for (std::size_t i = 0; i < made.gradients.size(); ++i)
            QVERIFY(areClose(made.gradients[i], reference.gradients[i], 0.05));
    }

    void whatProductsReadIsRounded() {
        Network network;
        const auto real = network.graph;
        addFakeQuantization(network.graph, TrainedIntegers::Int8);
        const auto& graph = network.graph;
        verify(graph, "addFakeQuantization");
        QCOMPARE(keysOf(graph, kScaleOfValue),
                 (std::vector<std::string>{"image", "relu1", "relu2", "relu3", "relu4"}));
        QCOMPARE(keysOf(graph, kZeroOfValue), keysOf(graph, kScaleOfValue));
        QCOMPARE(fakeQuantizedValues(graph).size(), std::size_t{5});
        for (const auto& spec : graph.weights())
            QCOMPARE(spec.rounding.has_value(), spec.shape.rank() > 1);
        // The shortcut is what the convolution reads, too.
        for (const auto& op : graph.ops())
            if (op.path == "sum")
                QCOMPARE(nameOf(graph.producerOf(op.inputs[1])->attributes),
                         std::string_view("fake-quantize"));
        const auto back = withoutFakeQuantization(graph);
        verify(back, "withoutFakeQuantization");
        QCOMPARE(back.ops().size(), real.ops().size());
        for (std::size_t i = 0; i < real.ops().size(); ++i)
            QCOMPARE(back.ops()[i].inputs, real.ops()[i].inputs);

        Network packed;
        addFakeQuantization(packed.graph, TrainedIntegers::Int4);
        QVERIFY(fakeQuantizedValues(packed.graph).empty());
        for (const auto& spec : packed.graph.weights())
            QCOMPARE(spec.rounding.has_value(), spec.shape.rank() == 2);
        auto none = real;
        addFakeQuantization(none, TrainedIntegers::None);
        QCOMPARE(none.weights().size(), real.weights().size());
    }

private:
    static void engines() {
        QTest::addColumn<bool>("isReference");
        QTest::newRow("reference") << true;
        QTest::newRow("oneDNN") << false;
    }
};

QTEST_APPLESS_MAIN(FakeQuantizationTest)
#include "tst_fake_quantization.moc"
