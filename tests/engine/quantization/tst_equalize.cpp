// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/graph/lower.h"
#include "engine/inference/noise_inputs.h"
#include "engine/inference/optimized_network.h"
#include "engine/passes/quantization/equalize.h"
#include "engine/project/templates.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

using namespace gradwright;

namespace {

using Rows = std::vector<std::vector<double>>;

/// Rows of a kernel, an output each.
Rows rowsOf(const Tensor& kernel) {
    const auto numbers = numbersOf(kernel);
    const auto outputs = static_cast<std::size_t>(kernel.shape()[0]);
    const auto each = numbers.size() / outputs;
    Rows rows;
    for (std::size_t o = 0; o < outputs; ++o)
        rows.emplace_back(numbers.begin() + static_cast<std::ptrdiff_t>(o * each),
                          numbers.begin() + static_cast<std::ptrdiff_t>((o + 1) * each));
    return rows;
}

double largestOf(const std::vector<double>& row) {
    double most = 0;
    for (const double value : row)
        most = std::max(most, std::abs(value));
    return most;
}

/// x of 3 → dense of 4, an activation → dense of 2, whose channels are of very different sizes.
class TwoLayers {
public:
    explicit TwoLayers(ActivationKind kind) {
        const auto x = model.graph.addInput("x", ValueType(Shape{3}));
        const auto hidden = dense("hidden", 4, x);
        const auto active = model.graph.add(ActivationOp{defaultActivation(kind)}, {hidden}, "f");
        model.graph.addOutput("y", dense("scores", 2, active));
        auto first = model.weights[0].span<float>();
        for (std::size_t i = 0; i < first.size(); ++i)
            first[i] *= std::pow(10.0F, static_cast<float>(i / 3) - 2); // by channel
        prepareForQuantization(model);
    }
    [[nodiscard]] const Tensor& weight(const char* key) const {
        for (std::size_t i = 0; i < model.weights.size(); ++i)
            if (model.graph.weights()[i].key == key)
                return model.weights[i];
        throw std::runtime_error(key);
    }
    /// By plain loops, for a ReLU.
    [[nodiscard]] std::vector<double> answer(const std::array<double, 3>& x) const {
        const auto layer = [&](const char* name, const std::vector<double>& in) {
            const auto rows = rowsOf(weight((std::string(name) + "/weight").c_str()));
            auto out = numbersOf(weight((std::string(name) + "/bias").c_str()));
            for (std::size_t o = 0; o < out.size(); ++o)
                for (std::size_t i = 0; i < in.size(); ++i)
                    out[o] += rows[o][i] * in[i];
            return out;
        };
        auto hidden = layer("hidden", {x.begin(), x.end()});
        for (double& value : hidden)
            value = std::max(value, 0.0);
        return layer("scores", hidden);
    }

    InferenceModel model;

private:
    ValueId dense(const std::string& name, std::int64_t units, ValueId x) {
        const auto inputs = model.graph.type(x).sample()[0];
        const std::vector<WeightId> ids{model.add(name + "/weight", drawn({units, inputs})),
                                        model.add(name + "/bias", drawn({units}))};
        return model.graph.add(DenseOp{.units = units}, {x}, name, ids);
    }
    Tensor drawn(const Shape& shape) {
        Tensor values(DType::F32, shape);
        std::uniform_real_distribution<float> draw(-1, 1);
        for (auto& value : values.span<float>())
            value = draw(random_);
        return values;
    }

    std::mt19937 random_{5};
};

std::vector<float> answersOf(const InferenceModel& model) {
    const auto program = backendFor({.precision = Precision::F64})
                             ->compile(model.graph, {.batch = 2, .precision = Precision::F64});
    writeWeights(*program->weights(), weightsOf(model));
    const NoiseInputs noise(*program);
    program->forward(noise.bound());
    const auto made = program->read(model.graph.outputs().front().value).to(DType::F32);
    return {made.span<float>().begin(), made.span<float>().end()};
}

/// The largest magnitude of each input channel of a convolution's kernel [O, C, …].
std::vector<double> inputRanges(const Tensor& kernel) {
    const auto channels = static_cast<std::size_t>(kernel.shape()[1]);
    std::vector<double> ranges(channels);
    for (const auto& row : rowsOf(kernel))
        for (std::size_t i = 0; i < row.size(); ++i) {
            auto& range = ranges[i / (row.size() / channels)];
            range = std::max(range, std::abs(row[i]));
        }
    return ranges;
}

} // namespace

/// Cross-layer equalization and bias correction (Nagel et al. 2019) against plain arithmetic.
class EqualizeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void channelsBecomeEquallyLarge() {
        const TwoLayers before(ActivationKind::Relu);
        TwoLayers after = before;
        QCOMPARE(equalize(after.model), std::size_t{1});
        const auto first = rowsOf(before.weight("hidden/weight"));
        const auto second = rowsOf(before.weight("scores/weight"));
        const auto bias = numbersOf(before.weight("hidden/bias"));
        const auto firstMade = rowsOf(after.weight("hidden/weight"));
        const auto secondMade = rowsOf(after.weight("scores/weight"));
        const auto biasMade = numbersOf(after.weight("hidden/bias"));
        const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-5 * std::abs(b); };
        for (std::size_t c = 0; c < 4; ++c) {
            const double r1 = largestOf(first[c]);
            const double r2 = std::max(std::abs(second[0][c]), std::abs(second[1][c]));
            const double scale = std::sqrt(r1 * r2) / r2; // equation 11 of the paper
            for (std::size_t i = 0; i < 3; ++i)
                QVERIFY(near(firstMade[c][i], first[c][i] / scale));
            QVERIFY(near(biasMade[c], bias[c] / scale));
            for (std::size_t o = 0; o < 2; ++o)
                QVERIFY(near(secondMade[o][c], second[o][c] * scale));
            QVERIFY(near(largestOf(firstMade[c]),
                         std::max(std::abs(secondMade[0][c]), std::abs(secondMade[1][c]))));
        }
        for (const auto& x : {std::array{0.3, -0.7, 0.9}, std::array{-1.0, 0.2, 0.4}}) {
            const auto was = before.answer(x);
            const auto is = after.answer(x);
            for (std::size_t o = 0; o < 2; ++o)
                QVERIFY(std::abs(was[o] - is[o]) < 1e-5);
        }
    }

    /// f(a · x) is not a · f(x).
    void otherActivationsAreLeftAlone() {
        TwoLayers network(ActivationKind::Tanh);
        const auto before = network.model.weights;
        QCOMPARE(equalize(network.model), std::size_t{0});
        QVERIFY(network.model.weights == before);
    }

    /// Convolutions, pools, flattening, shortcuts: answers stay.
    void networksAnswerTheSame_data() {
        QTest::addColumn<int>("pairs");
        QTest::newRow("small-cnn") << 3;
        QTest::newRow("fashion-cnn") << -1;
        QTest::newRow("cifar-resnet-20") << -1;
    }
    void networksAnswerTheSame() {
        QFETCH(const int, pairs);
        auto model = firstModel(lower(openTemplate(QTest::currentDataTag()).network), 3);
        prepareForQuantization(model);
        const auto before = answersOf(model);
        const auto found = equalize(model);
        QVERIFY2(pairs < 0 ? found > 1 : found == static_cast<std::size_t>(pairs),
                 qPrintable(QString::number(found)));
        const auto after = answersOf(model);
        double difference = 0, norm = 0;
        for (std::size_t i = 0; i < before.size(); ++i) {
            difference += std::pow(double{after[i]} - double{before[i]}, 2);
            norm += std::pow(double{before[i]}, 2);
        }
        QVERIFY2(std::sqrt(difference / norm) < 1e-5, qPrintable(QString::number(difference)));
    }

    /// Each channel is read by its own group alone.
    void aDepthwiseConvolutionIsEqualized() {
        std::mt19937 random(9);
        std::uniform_real_distribution<float> draw(-1, 1);
        InferenceModel model;
        const auto x = model.graph.addInput("x", ValueType(Shape{3, 6, 6}));
        const auto conv = [&](const char* name, ConvOp op, ValueId from) {
            const std::array types{model.graph.type(from)};
            std::vector<WeightId> ids;
            for (const auto& shape : weightShapes(op, types)) {
                Tensor values(DType::F32, shape);
                for (auto& value : values.span<float>())
                    value = draw(random) * (ids.empty() ? 1.0F : 0.1F);
                ids.push_back(model.add(name, std::move(values)));
            }
            return model.graph.add(std::move(op), {from}, name, ids);
        };
        const auto relu = [&](ValueId from) {
            return model.graph.add(ActivationOp{defaultActivation(ActivationKind::Relu)}, {from},
                                   "relu");
        };
        const auto wide = relu(conv("expand", {.outChannels = 4, .kernel = {1, 1, 1}}, x));
        const auto own =
            relu(conv("depthwise", {.outChannels = 4, .kernel = {3, 3, 1}, .groups = 4}, wide));
        model.graph.addOutput("y", conv("project", {.outChannels = 2, .kernel = {1, 1, 1}}, own));
        for (std::size_t i = 0; i < 4 * 3; ++i)
            model.weights[0].span<float>()[i] *= static_cast<float>(1 + i / 3 * 20);
        prepareForQuantization(model);
        const auto before = answersOf(model);
        QCOMPARE(equalize(model), std::size_t{2});
        const auto after = answersOf(model);
        for (std::size_t i = 0; i < before.size(); ++i)
            QVERIFY(std::abs(before[i] - after[i]) <= 1e-5F * (1 + std::abs(before[i])));
        const auto expand = rowsOf(model.weights[0]);
        const auto depthwise = rowsOf(model.weights[2]);
        const auto project = inputRanges(model.weights[4]);
        for (std::size_t c = 0; c < 4; ++c) {
            QVERIFY(std::abs(largestOf(expand[c]) / largestOf(depthwise[c]) - 1) < 0.01);
            QVERIFY(std::abs(largestOf(depthwise[c]) / project[c] - 1) < 0.01);
        }
    }

    /// b' = b - sum over inputs of (rounded kernel - kernel) · mean, by plain loops.
    void biasesTakeWhatRoundingAdds() {
        TwoLayers network(ActivationKind::Relu);
        const auto kernel = rowsOf(network.weight("hidden/weight"));
        const auto bias = numbersOf(network.weight("hidden/bias"));
        const auto untouched = network.weight("scores/bias");
        const std::vector<double> mean{0.4, -1.2, 2.0};
        const QuantizationPlan plan{{"hidden/weight", {.x = {DType::U8, 0.02F, 60}}}};
        correctBiases(network.model, plan, {{"hidden/weight", mean}});
        const auto made = numbersOf(network.weight("hidden/bias"));
        bool hasMoved = false;
        for (std::size_t o = 0; o < kernel.size(); ++o) {
            const double scale = double{static_cast<float>(largestOf(kernel[o]) / 127)};
            double wanted = bias[o];
            for (std::size_t i = 0; i < mean.size(); ++i)
                wanted -= (std::nearbyint(kernel[o][i] / scale) * scale - kernel[o][i]) * mean[i];
            QVERIFY2(std::abs(made[o] - wanted) < 1e-7 * (1 + std::abs(wanted)),
                     qPrintable(QString::number(made[o] - wanted)));
            hasMoved |= std::abs(made[o] - bias[o]) > 1e-5;
        }
        QVERIFY(hasMoved);
        QVERIFY(network.weight("scores/bias") == untouched); // not in the plan
    }
};

QTEST_GUILESS_MAIN(EqualizeTest)
#include "tst_equalize.moc"
