// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/backend/weights.h"
#include "engine/data/dataset.h"
#include "engine/inference/constant_units.h"
#include "engine/inference/optimized_network.h"
#include "engine/passes/inference/prune.h"
#include "engine/passes/verify.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kSamples = 40;

/// Images of numbers from -1 to 1.
class NoiseSource final : public DataSource {
public:
    NoiseSource() {
        std::mt19937 random(5);
        std::uniform_real_distribution<float> draw(-1, 1);
        numbers_.resize(static_cast<std::size_t>(kSamples * shape_.elements()));
        for (auto& number : numbers_)
            number = draw(random);
    }
    [[nodiscard]] std::int64_t size() const override { return kSamples; }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        std::copy_n(numbers_.begin() + index * shape().elements(), out.size(), out.begin());
    }
    [[nodiscard]] std::int32_t label(std::int64_t /*index*/) const override { return 0; }
    [[nodiscard]] const std::vector<float>& numbers() const { return numbers_; }

private:
    std::vector<float> numbers_;
    Shape shape_{2, 6, 6};
};

/// Convolution, normalization, ReLU, pooling, a convolution with or without padding, ReLU, a vector
/// of both, two dense layers.
class SmallModel {
public:
    explicit SmallModel(std::int64_t padding = 0) {
        auto& graph = model.graph;
        input = graph.addInput("x", ValueType(Shape{2, 6, 6}));
        auto x = product(ConvOp{.outChannels = 8, .kernel = {3, 3}, .padding = {1, 1, 1, 1}}, input,
                         "conv1");
        x = graph.add(BatchNormOp{}, {x}, "norm",
                      {weight("norm/scale", {8}, 0.5, 1.5), weight("norm/shift", {8}, -0.2, 0.2),
                       weight("norm/mean", {8}, -0.2, 0.2), weight("norm/variance", {8}, 0.5, 2)});
        x = graph.add(ActivationOp{defaultActivation(ActivationKind::Relu)}, {x}, "relu1");
        x = graph.add(PoolOp{}, {x}, "pool");
        x = product(ConvOp{.outChannels = 6,
                           .kernel = {3, 3},
                           .padding = {padding, padding, padding, padding},
                           .bias = false},
                    x, "conv2");
        x = graph.add(ActivationOp{defaultActivation(ActivationKind::Relu)}, {x}, "relu2");
        x = graph.add(ReshapeOp::ofSample({graph.type(x).sample().elements()}), {x}, "flatten");
        x = product(DenseOp{.units = 5}, x, "dense1");
        x = graph.add(ActivationOp{defaultActivation(ActivationKind::Tanh)}, {x}, "tanh");
        graph.addOutput("y", product(DenseOp{.units = 3, .bias = false}, x, "dense2"));
    }

    Tensor& weightOf(const std::string& key) {
        for (std::size_t i = 0; i < model.weights.size(); ++i)
            if (model.graph.weights()[i].key == key)
                return model.weights[i];
        throw Error("no weight {}", key);
    }
    /// Makes a unit of a kernel with bias the number `value`, whatever comes in.
    void makeConstant(const std::string& layer, std::int64_t unit, double value) {
        auto& kernel = weightOf(layer + "/weight");
        const auto each = kernel.elements() / kernel.shape()[0];
        for (std::int64_t i = 0; i < each; ++i)
            kernel.span<double>()[static_cast<std::size_t>(unit * each + i)] = 0;
        weightOf(layer + "/bias").span<double>()[static_cast<std::size_t>(unit)] = value;
    }

    [[nodiscard]] std::vector<double> answers() const {
        const auto program =
            backendFor({.precision = Precision::F64})
                ->compile(model.graph, {.batch = kSamples, .precision = Precision::F64});
        writeWeights(*program->weights(), weightsOf(model));
        const NoiseSource source;
        const std::array inputs{BatchInput{model.graph.inputs()[0].value, source.numbers().data()}};
        program->forward(inputs);
        return numbersOf(program->read(model.graph.outputs()[0].value));
    }

    InferenceModel model;
    ValueId input;

private:
    WeightId weight(const std::string& key, const Shape& shape, double least, double most) {
        std::uniform_real_distribution<double> draw(least, most);
        Tensor values(DType::F64, shape);
        for (auto& value : values.span<double>())
            value = draw(random_);
        return model.add(key, std::move(values));
    }
    ValueId product(OpAttributes attributes, ValueId x, const std::string& path) {
        std::vector<WeightId> weights;
        const std::array types{model.graph.type(x)};
        for (const auto& shape : weightShapes(attributes, types))
            weights.push_back(
                weight(path + (weights.empty() ? "/weight" : "/bias"), shape, -0.4, 0.4));
        return model.graph.add(std::move(attributes), {x}, path, std::move(weights));
    }

    std::mt19937 random_{1};
};

double farthestOf(const std::vector<double>& a, const std::vector<double>& b) {
    double most = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        most = std::max(most, std::abs(a[i] - b[i]));
    return most;
}

std::vector<std::uint32_t> everyIndex() {
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(kSamples));
    for (std::uint32_t i = 0; i < indices.size(); ++i)
        indices[i] = i;
    return indices;
}

} // namespace

/// Units that are constant, and pruning.
class ReductionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void groupsAreFound() {
        const auto groups = unitGroups(SmallModel().model.graph);
        QCOMPARE(groups.size(), std::size_t{3}); // the last layer is the answer
        QCOMPARE(groups[0].units, 8);
        QCOMPARE(groups[1].readers.at(0).block, 1); // 6×1×1
        QCOMPARE(groups[2].units, 5);
        const auto padded = unitGroups(SmallModel(1).model.graph);
        QVERIFY(padded[0].readers.at(0).isPadded && !groups[0].readers.at(0).isPadded);
        QCOMPARE(padded[1].readers.at(0).block, 9);
    }

    /// The constant goes into the bias of the reader, which gets one where it has none.
    void constantUnitsGoAndAnswersStay() {
        SmallModel network;
        network.makeConstant("conv1", 2, -40); // dead behind the ReLU
        network.makeConstant("conv1", 5, 3);   // a number behind it
        network.makeConstant("dense1", 1, 0.7);
        const auto before = network.answers();
        const auto removals =
            constantUnits(network.model, network.input, std::make_shared<NoiseSource>(),
                          everyIndex(), Precision::F64);
        QVERIFY(removals);
        // Others may be dead by chance, too.
        std::map<std::int64_t, UnitsToRemove> byUnits;
        for (const auto& removal : *removals)
            byUnits.emplace(removal.group.units, removal);
        QVERIFY(byUnits.at(8).isGone[2] && byUnits.at(8).isGone[5] && byUnits.at(5).isGone[1]);
        const auto left = [&](std::int64_t units) {
            return byUnits.contains(units) ? std::ranges::count(byUnits.at(units).isGone, false)
                                           : units;
        };
        QVERIFY(left(8) > 2 && left(8) < 7);
        const auto values = removeUnits(network.model, *removals);
        verify(network.model.graph, "removed");
        QVERIFY(values[network.input.index()].has_value());
        QVERIFY(farthestOf(before, network.answers()) < 1e-12);
        QVERIFY(network.weightOf("conv1/weight").shape() == Shape({left(8), 2, 3, 3}));
        QVERIFY(network.weightOf("norm/mean").shape() == Shape{left(8)});
        QVERIFY(network.weightOf("conv2/weight").shape() == Shape({left(6), left(8), 3, 3}));
        QVERIFY(network.weightOf("conv2/bias").shape() == Shape{left(6)});
        QVERIFY(network.weightOf("dense2/weight").shape() == Shape({3, left(5)}));
        QVERIFY(network.weightOf("dense2/bias").shape() == Shape{3});
    }

    /// Zeros are put around what a padded layer reads, and no constant is there.
    void aPaddedReaderTakesZerosAlone() {
        SmallModel network(1);
        network.makeConstant("conv1", 2, -40);
        network.makeConstant("conv1", 5, 3);
        const auto before = network.answers();
        const auto removals =
            constantUnits(network.model, network.input, std::make_shared<NoiseSource>(),
                          everyIndex(), Precision::F64);
        QCOMPARE(removals->size(), std::size_t{1});
        QVERIFY(removals->at(0).isGone[2] && !removals->at(0).isGone[5]);
        removeUnits(network.model, *removals);
        QVERIFY(farthestOf(before, network.answers()) < 1e-12);
        auto wrong = *constantUnits(SmallModel(1).model, network.input,
                                    std::make_shared<NoiseSource>(), everyIndex());
        QVERIFY(wrong.empty());
    }

    void oneUnitStays() {
        SmallModel network;
        for (int unit = 0; unit < 5; ++unit)
            network.makeConstant("dense1", unit, 0.1 * unit);
        const auto before = network.answers();
        removeUnits(network.model,
                    *constantUnits(network.model, network.input, std::make_shared<NoiseSource>(),
                                   everyIndex(), Precision::F64));
        QCOMPARE(network.weightOf("dense1/weight").shape()[0], 1);
        QVERIFY(farthestOf(before, network.answers()) < 1e-12);
    }

    /// Of each layer the smallest, as sorted here.
    void smallWeightsBecomeZero() {
        SmallModel network;
        const auto kernel = numbersOf(network.weightOf("conv1/weight"));
        auto sizes = kernel;
        for (auto& size : sizes)
            size = std::abs(size);
        std::ranges::sort(sizes);
        const auto count =
            static_cast<std::size_t>(std::llround(0.3 * static_cast<double>(sizes.size())));
        const auto bias = network.weightOf("conv1/bias");
        const auto report = pruneWeights(network.model, 0.3);
        const auto left = numbersOf(network.weightOf("conv1/weight"));
        for (std::size_t i = 0; i < kernel.size(); ++i)
            QCOMPARE(left[i], std::abs(kernel[i]) < sizes[count] ? 0 : kernel[i]);
        QVERIFY(network.weightOf("conv1/bias") == bias);
        QCOMPARE(report.weights, 8 * 18 + 6 * 72 + 5 * 6 + 3 * 5);
        QCOMPARE(report.zeros, 43 + 130 + 9 + 5); // rounded of each layer
        QVERIFY(messageOf([&] {
                    return pruneWeights(network.model, 1.5).zeros;
                }).contains("from 0 to 1"));
    }

    /// What is left computes as the whole network with those units' weights at 0 would.
    void smallUnitsGo() {
        SmallModel network;
        SmallModel zeroed;
        std::vector<std::optional<ValueId>> values;
        const auto report = pruneUnits(network.model, 0.25, values);
        QCOMPARE(report.units, 8 + 6 + 5);
        QCOMPARE(report.unitsGone, 2 + 2 + 1);
        verify(network.model.graph, "pruned");
        QVERIFY(network.weightOf("conv1/weight").shape() == Shape({6, 2, 3, 3}));
        QVERIFY(network.weightOf("dense1/weight").shape() == Shape({4, 4}));
        // Readers see zeros of what went: their weights for it are 0 instead.
        std::vector<std::pair<WeightId, std::vector<double>>> later;
        for (const auto& group : unitGroups(zeroed.model.graph)) {
            const auto& maker = zeroed.model.graph.ops()[*zeroed.model.graph.placeOf(group.maker)];
            const auto numbers = numbersOf(zeroed.model.of(maker.weights[0]));
            const auto each = numbers.size() / static_cast<std::size_t>(group.units);
            std::vector<std::pair<double, std::size_t>> sums;
            for (std::size_t unit = 0; unit < static_cast<std::size_t>(group.units); ++unit) {
                double sum = 0;
                for (std::size_t i = 0; i < each; ++i)
                    sum += std::abs(numbers[unit * each + i]);
                sums.emplace_back(sum, unit);
            }
            std::ranges::sort(sums);
            const auto count = std::llround(0.25 * static_cast<double>(group.units));
            for (const auto& reader : group.readers) {
                const auto& op = zeroed.model.graph.ops()[*zeroed.model.graph.placeOf(reader.op)];
                auto& kernel = zeroed.model.of(op.weights[0]);
                auto taken = numbersOf(kernel);
                const auto row = taken.size() / static_cast<std::size_t>(kernel.shape()[0]);
                const auto block = row / static_cast<std::size_t>(group.units);
                for (std::size_t i = 0; i < taken.size(); ++i)
                    for (long long k = 0; k < count; ++k)
                        if (i % row / block == sums[static_cast<std::size_t>(k)].second)
                            taken[i] = 0;
                // Only afterwards, since the next group's sizes are those of the whole network.
                later.emplace_back(op.weights[0], taken);
            }
        }
        for (const auto& [id, taken] : later)
            setNumbers(zeroed.model.of(id), taken);
        QVERIFY(farthestOf(zeroed.answers(), network.answers()) < 1e-12);
    }
};

QTEST_APPLESS_MAIN(ReductionTest)
#include "tst_reduction.moc"
