// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/passes/quantization/pack_dense.h"
#include "engine/passes/verify.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <random>

using namespace gradwright;

namespace {

std::vector<float> noise(std::size_t size, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> draw;
    std::vector<float> values(size);
    std::ranges::generate(values, [&] { return draw(random); });
    return values;
}

struct Case {
    const char* name;
    Shape sample;
    std::int64_t units, group, batch;
    bool bias = true, adds = false;
    ActivationKind activation = ActivationKind::Identity;
};

std::vector<Case> cases() {
    return {{"groups of 32", {256}, 40, 32, 3},
            {"a last group that is shorter", {70}, 33, 32, 4},
            {"an odd number of features", {37}, 9, 16, 2},
            {"odd groups", {50}, 8, 7, 5},
            {"one group for a unit", {64}, 12, 64, 1},
            {"without bias, with ReLU", {48}, 10, 16, 6, false, false, ActivationKind::Relu},
            {"with a sum and a sigmoid", {48}, 10, 16, 6, true, true, ActivationKind::Sigmoid},
            {"on each step", {5, 24}, 9, 8, 3}};
}

/// A dense layer with what follows it, its weights and what it is fed.
struct Layer {
    InferenceModel model;
    ValueId x, addend, y;
    std::vector<float> given, added;
    std::int64_t batch;

    explicit Layer(const Case& what)
        : batch(what.batch) {
        auto& graph = model.graph;
        const auto features = what.sample.dims().back();
        x = graph.addInput("x", ValueType(what.sample));
        given = noise(static_cast<std::size_t>(what.sample.elements() * batch), 1);
        FusedProductOp op{.product = DenseOp{.units = what.units, .bias = what.bias},
                          .adds = what.adds,
                          .activation = defaultActivation(what.activation)};
        std::vector<ValueId> inputs{x};
        if (what.adds) {
            addend = graph.addInput("addend", ValueType(Shape{what.units}));
            added = noise(static_cast<std::size_t>(what.units * batch), 2);
            inputs.push_back(addend);
        }
        const auto add = [&](const char* key, Shape shape, std::uint32_t seed) {
            const auto values = noise(static_cast<std::size_t>(shape.elements()), seed);
            return model.add(key, Tensor::of<float>(shape, values));
        };
        std::vector<WeightId> weights{add("dense/weight", {what.units, features}, 3)};
        if (what.bias)
            weights.push_back(add("dense/bias", {what.units}, 4));
        y = graph.add(op, inputs, "dense", weights);
        graph.addOutput("y", y);
    }

    [[nodiscard]] Tensor answer(const Backend& backend, Precision precision,
                                const InferenceModel& with) const {
        const auto program = backend.compile(with.graph, {.batch = batch, .precision = precision});
        for (std::uint32_t i = 0; i < with.weights.size(); ++i)
            program->weights()->write(WeightId{i}, with.weights[i]);
        std::vector<BatchInput> inputs{{x, given.data()}};
        if (!added.empty())
            inputs.push_back({addend, added.data()});
        program->forward(inputs);
        return program->read(y);
    }
};

/// Each weight as integers of -7 … 7 times a scale are worth.
Tensor roundedByHand(const Tensor& kernel, std::int64_t group) {
    auto rounded = kernel;
    const auto values = rounded.span<float>();
    const auto features = kernel.shape()[1];
    for (std::int64_t unit = 0; unit < kernel.shape()[0]; ++unit)
        for (std::int64_t f = 0; f < features; ++f) {
            const auto first = f / group * group;
            float largest = 0;
            for (auto i = first; i < std::min(first + group, features); ++i)
                largest = std::max(
                    largest,
                    std::abs(kernel.span<float>()[static_cast<std::size_t>(unit * features + i)]));
            auto& value = values[static_cast<std::size_t>(unit * features + f)];
            const float scale = largest / 7;
            value = scale * static_cast<float>(std::lround(double{value} / double{scale}));
        }
    return rounded;
}

double relativeDifference(const Tensor& made, const Tensor& expected) {
    double difference = 0;
    double norm = 0;
    for (std::size_t i = 0; i < numbersOf(expected).size(); ++i) {
        difference += std::pow(numbersOf(made)[i] - numbersOf(expected)[i], 2);
        norm += std::pow(numbersOf(expected)[i], 2);
    }
    return std::sqrt(difference / norm);
}

} // namespace

/// Dense layers with kernels of 4 bits, on both engines.
class PackedDenseTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bytesHoldTwoIntegersEach() {
        const auto kernel = Tensor::of<float>(
            {2, 5}, std::vector<float>{7, -7, 3.4F, 0, -1, 0.5F, 0.14F, -0.2F, 70, 20});
        const auto made = packKernel(kernel, 3);
        QVERIFY(made.bytes.shape() == (Shape{2, 3}));
        QCOMPARE(made.scales.size(), std::size_t{4});
        QCOMPARE(made.scales[0], 1.0F);
        QCOMPARE(made.scales[3], 10.0F);
        // 7 and -7; 3 and 0; -1 · 7 and nothing. The second row counts 0.5 / 7 and 10.
        const std::vector<float> expected{7 - 7 * 16, 3, 9, 7 + 2 * 16, 13 + 7 * 16, 2};
        const auto bytes = made.bytes.span<float>();
        QCOMPARE(std::vector<float>(bytes.begin(), bytes.end()), expected);
        const auto back = [&](std::size_t byte, bool isHigh) {
            return unpackedInteger(static_cast<std::int8_t>(bytes[byte]), isHigh);
        };
        QCOMPARE(back(0, true), -7);
        QCOMPARE(back(2, false), -7);
        QCOMPARE(back(2, true), 0);
        QCOMPARE(back(4, false), -3);
    }

    void answersAreThoseOfRoundedKernels_data() { rows(); }
    void answersAreThoseOfRoundedKernels() {
        QFETCH(int, number);
        const auto what = cases()[static_cast<std::size_t>(number)];
        const Layer layer(what);
        auto packed = layer.model;
        QCOMPARE(packDense(packed, what.group), std::vector<std::string>{"dense/weight"});
        verify(packed.graph, "packDense");
        QCOMPARE(nameOf(packed.graph.ops().back().attributes), std::string_view("int4-dense"));
        auto rounded = layer.model;
        rounded.weights[0] = roundedByHand(rounded.weights[0], what.group);
        const auto expected = layer.answer(*makeReferenceBackend(), Precision::F64, rounded);
        const auto reference = layer.answer(*makeReferenceBackend(), Precision::F64, packed);
        QVERIFY(relativeDifference(reference, expected) < 1e-6); // scales are FP32
        const auto made = layer.answer(*makeOneDnnBackend(), Precision::F32, packed);
        QVERIFY(relativeDifference(made, reference) < 1e-5);
        const auto real = layer.answer(*makeReferenceBackend(), Precision::F64, layer.model);
        const auto loss = relativeDifference(expected, real);
        QVERIFY2(loss > 1e-3 && loss < 0.2, qPrintable(QString::number(loss)));
    }

    void layersMayStayAsTheyAre() {
        const Layer layer(cases()[0]);
        auto kept = layer.model;
        QVERIFY(packDense(kept, 32, {"dense/weight"}).empty());
        QVERIFY(kept.weights[0].shape() == (Shape{40, 256}));
        QVERIFY_THROWS_EXCEPTION(Error, packDense(kept, 0));
        QCOMPARE(packDense(kept, 1000), std::vector<std::string>{"dense/weight"});
        QCOMPARE(kept.weights.size(), std::size_t{2});
        // Sorted by when they came: the bias was there before.
        QVERIFY(std::ranges::any_of(kept.weights, [](const Tensor& weight) {
            return weight.shape() == Shape{40, 128};
        }));
    }

private:
    static void rows() {
        QTest::addColumn<int>("number");
        const auto all = cases();
        for (std::size_t i = 0; i < all.size(); ++i)
            QTest::newRow(all[i].name) << static_cast<int>(i);
    }
};

QTEST_APPLESS_MAIN(PackedDenseTest)
#include "tst_packed_dense.moc"
