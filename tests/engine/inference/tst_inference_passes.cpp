// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "engine/passes/inference/optimize.h"
#include "engine/passes/inference/split_products.h"
#include "engine/passes/verify.h"
#include "engine/project/templates.h"

#include <QTest>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <random>

using namespace gradwright;

namespace {

using Numbers = std::vector<double>;

/// A small network of what the passes know, at random: products with and without bias, padding and
/// groups, normalizations before and behind them, shortcuts, branches that read the same value,
/// shared weights, layers twice, movements, drop-out and identities.
class RandomNetwork {
public:
    explicit RandomNetwork(std::uint32_t seed)
        : random_(seed) {
        const auto image = model_.graph.addInput("x", ValueType(Shape{4, 5, 5}));
        images_.push_back(image);
        for (int i = 0; i < 9; ++i)
            addToImage();
        const auto flat = op(ReshapeOp::ofSample({features(images_.back())}), {images_.back()});
        vectors_.push_back(flat);
        for (int i = 0; i < 5; ++i)
            addToVector();
        model_.graph.addOutput("y", vectors_.back());
        if (chance(3))
            model_.graph.addOutput("image", images_[pick(images_.size())]);
    }
    [[nodiscard]] InferenceModel& model() { return model_; }

private:
    std::size_t pick(std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
    }
    bool chance(std::size_t oneIn) { return pick(oneIn) == 0; }
    [[nodiscard]] std::int64_t features(ValueId id) const {
        return model_.graph.type(id).sample().elements();
    }

    WeightId weight(const Shape& shape, double least, double most) {
        std::uniform_real_distribution<double> draw(least, most);
        Tensor values(DType::F64, shape);
        for (auto& value : values.span<double>())
            value = draw(random_);
        return model_.add("w", std::move(values));
    }
    ValueId op(OpAttributes attributes, std::vector<ValueId> inputs,
               std::vector<WeightId> weights = {}) {
        return model_.graph.add(std::move(attributes), std::move(inputs),
                                "op" + std::to_string(model_.graph.ops().size()),
                                std::move(weights));
    }
    ValueId product(OpAttributes attributes, ValueId x) {
        std::vector<WeightId> weights;
        const std::array types{model_.graph.type(x)};
        for (const auto& shape : weightShapes(attributes, types))
            weights.push_back(weight(shape, -0.5, 0.5));
        last_ = {attributes, weights};
        return op(std::move(attributes), {x}, std::move(weights));
    }
    ValueId normalized(ValueId x) {
        const auto channels = model_.graph.type(x).sample()[0];
        return op(BatchNormOp{}, {x},
                  {weight({channels}, 0.5, 1.5), weight({channels}, -0.5, 0.5),
                   weight({channels}, -0.5, 0.5), weight({channels}, 0.3, 2)});
    }
    ValueId activated(ValueId x) {
        constexpr std::array kinds{ActivationKind::Relu, ActivationKind::Tanh, ActivationKind::Gelu,
                                   ActivationKind::Mish, ActivationKind::Identity};
        return op(ActivationOp{defaultActivation(kinds[pick(kinds.size())])}, {x});
    }
    ValueId earlier(const std::vector<ValueId>& values, ValueId like) {
        std::vector<ValueId> fitting;
        for (const auto id : values)
            if (model_.graph.type(id) == model_.graph.type(like))
                fitting.push_back(id);
        return fitting[pick(fitting.size())];
    }

    void addToImage() {
        const auto x = chance(3) ? images_[pick(images_.size())] : images_.back();
        const auto& shape = model_.graph.type(x).sample();
        images_.push_back(imageFrom(x, shape));
    }
    ValueId imageFrom(ValueId x, const Shape& shape) {
        switch (pick(9)) {
        case 0:
            return normalized(x);
        case 1:
            return activated(x);
        case 2:
            return op(AddOp{}, {x, earlier(images_, x)});
        case 3:
            return op(DropoutOp{}, {x});
        case 4:
            x = chance(2) ? op(PermuteOp::ofSample({0, 2, 1}), {x}) : x;
            return op(PermuteOp::ofSample({0, 2, 1}), {x});
        case 5: // the same layer again, or with the weights of another
            if (const auto* twin = model_.graph.producerOf(x); twin && chance(2)) {
                const auto op = *twin;
                return model_.graph.add(op.attributes, op.inputs, "twin", op.weights);
            }
            if (last_ && std::holds_alternative<ConvOp>(last_->first)) {
                const auto& conv = std::get<ConvOp>(last_->first);
                const std::array types{model_.graph.type(x)};
                if (shape[0] == 4 && conv.groups == 1 &&
                    model_.graph.weight(last_->second[0]).shape[1] == 4)
                    return op(last_->first, {x}, last_->second);
            }
            return activated(x);
        case 6: {
            ConvTransposeOp conv{.outChannels = 4, .kernel = {3, 3}, .padding = {1, 1, 1, 1}};
            conv.bias = chance(2);
            if (shape[0] == 4 && chance(2))
                conv.groups = 2;
            return product(conv, x);
        }
        default: {
            ConvOp conv{.outChannels = 4, .kernel = {1, 1}};
            conv.bias = chance(2);
            if (chance(2)) {
                conv.kernel = {3, 3};
                conv.padding = {1, 1, 1, 1};
            }
            if (shape[0] == 4 && chance(3))
                conv.groups = chance(2) ? 2 : 4;
            return product(conv, x);
        }
        }
    }
    void addToVector() {
        const auto x = vectors_.back();
        switch (pick(5)) {
        case 0:
            vectors_.push_back(normalized(x));
            return;
        case 1:
            vectors_.push_back(activated(x));
            return;
        case 2: { // branches of one value
            const auto a = product(DenseOp{.units = 6}, x);
            const auto b = product(DenseOp{.units = 6}, x);
            if (chance(2)) {
                vectors_.push_back(op(AddOp{}, {activated(a), b}));
                return;
            }
            const ActivationOp relu{defaultActivation(ActivationKind::Relu)};
            vectors_.push_back(
                product(DenseOp{.units = 6}, op(ConcatOp{}, {op(relu, {a}), op(relu, {b})})));
            return;
        }
        default:
            vectors_.push_back(product(DenseOp{.units = 6, .bias = chance(2)}, x));
        }
    }

    std::mt19937 random_;
    InferenceModel model_;
    std::vector<ValueId> images_, vectors_;
    std::optional<std::pair<OpAttributes, std::vector<WeightId>>> last_;
};

/// All outputs, one after the other.
Numbers outputsOf(const InferenceModel& model, Precision precision, std::int64_t batch) {
    const auto backend = backendFor({.precision = precision});
    const auto program =
        backend->compile(model.graph, {.batch = batch, .precision = precision}, nullptr);
    writeWeights(*program->weights(), weightsOf(model));
    std::vector<std::vector<float>> values;
    std::vector<BatchInput> inputs;
    std::mt19937 random(7);
    std::normal_distribution<float> draw;
    for (const auto& input : model.graph.inputs()) {
        const auto size = model.graph.type(input.value).sample().elements() * batch;
        auto& numbers = values.emplace_back(static_cast<std::size_t>(size));
        for (auto& number : numbers)
            number = draw(random);
    }
    for (std::size_t i = 0; i < values.size(); ++i)
        inputs.push_back({model.graph.inputs()[i].value, values[i].data()});
    program->forward(inputs);
    Numbers all;
    for (const auto& output : model.graph.outputs()) {
        const auto tensor = program->read(output.value).to(DType::F64);
        all.insert(all.end(), tensor.span<double>().begin(), tensor.span<double>().end());
    }
    return all;
}

/// The norm of the difference over the norm.
double difference(const Numbers& a, const Numbers& b) {
    double square = 0, norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        square += (a[i] - b[i]) * (a[i] - b[i]);
        norm += a[i] * a[i];
    }
    return a.size() == b.size() ? std::sqrt(square / std::max(norm, 1e-300)) : 1;
}

std::size_t mergesOf(const OptimizationReport& report, std::string_view key) {
    for (const auto& pass : report.passes)
        if (pass.key == key)
            return pass.merges.size();
    return 0;
}

/// A template with weights and statistics that look random.
InferenceModel modelOf(const std::string& key) {
    InferenceModel model;
    model.graph = lower(openTemplate(key).network);
    std::uint32_t state = 1;
    const auto draw = [&state] { // Numerical Recipes' quick generator, from -1 to 1
        state = state * 1664525U + 1013904223U;
        return static_cast<float>(state >> 8) * 0x1p-23F - 1;
    };
    for (const auto& spec : model.graph.weights()) {
        const auto fan = static_cast<float>(spec.shape.elements() / spec.shape[0]);
        const bool isPositive = spec.shape.rank() == 1 &&
                                (spec.key.ends_with("running_var") || spec.key.ends_with("weight"));
        const float size = spec.shape.rank() > 1 ? std::sqrt(4 / fan) : 0.1F;
        auto& values = model.weights.emplace_back(DType::F32, spec.shape);
        for (auto& value : values.span<float>())
            value = isPositive ? 0.8F + std::abs(size * draw()) : size * draw();
    }
    return model;
}

} // namespace

/// What the passes for inference make of networks, against the networks as they were.
class InferencePassesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void resultsStay() {
        std::map<std::string, std::size_t> merges;
        for (std::uint32_t seed = 0; seed < 1000; ++seed) {
            RandomNetwork network(seed);
            const auto before = outputsOf(network.model(), Precision::F64, 2);
            auto model = network.model();
            const auto report = optimize(model);
            verify(model.graph, "optimize");
            const auto away = difference(before, outputsOf(model, Precision::F64, 2));
            QVERIFY2(away < 1e-12, qPrintable(QStringLiteral("seed %1: %2").arg(seed).arg(away)));
            QVERIFY(report.after.layers <= report.before.layers);
            for (const auto& pass : report.passes)
                merges[pass.key] += pass.merges.size();
            // What is done is done.
            const auto again = optimize(model);
            for (const auto& pass : again.passes)
                QVERIFY2(pass.merges.empty(), (pass.key + " found more").c_str());
        }
        for (const auto& pass : inferencePasses())
            QVERIFY2(merges[std::string(pass.key)] >= 20,
                     fmt::format("{}: {}", pass.key, merges[std::string(pass.key)]).c_str());
    }

    /// Each alone, so that none leans on another.
    void eachPassAlone_data() {
        QTest::addColumn<QString>("key");
        for (const auto& pass : inferencePasses())
            QTest::newRow(std::string(pass.key).c_str())
                << QString::fromUtf8(pass.key.data(), static_cast<qsizetype>(pass.key.size()));
    }
    void eachPassAlone() {
        QFETCH(QString, key);
        std::set<std::string> others;
        for (const auto& pass : inferencePasses())
            if (key.toStdString() != pass.key)
                others.insert(std::string(pass.key));
        for (std::uint32_t seed = 0; seed < 100; ++seed) {
            RandomNetwork network(seed);
            const auto before = outputsOf(network.model(), Precision::F64, 1);
            auto model = network.model();
            const auto report = optimize(model, others);
            QCOMPARE(report.passes.size(), std::size_t{1});
            QVERIFY(difference(before, outputsOf(model, Precision::F64, 1)) < 1e-12);
        }
    }

    void aPassThatIsNotThereIsNamed() {
        InferenceModel model = modelOf("lenet-5");
        try {
            optimize(model, {"fold"});
            QFAIL("no error");
        } catch (const Error& error) {
            QVERIFY(std::string(error.what()).find("fold-normalization") != std::string::npos);
        }
    }

    /// For formats that have no fused products.
    void fusedProductsComeApart() {
        std::size_t fused = 0;
        for (std::uint32_t seed = 0; seed < 300; ++seed) {
            RandomNetwork network(seed);
            auto model = network.model();
            optimize(model);
            const auto before = outputsOf(model, Precision::F64, 2);
            for (const auto& op : model.graph.ops())
                fused += std::holds_alternative<FusedProductOp>(op.attributes) ? 1 : 0;
            splitProducts(model.graph);
            verify(model.graph, "split");
            for (const auto& op : model.graph.ops())
                QVERIFY(!std::holds_alternative<FusedProductOp>(op.attributes));
            QVERIFY(difference(before, outputsOf(model, Precision::F64, 2)) < 1e-14);
        }
        QVERIFY(fused > 300);
    }

    /// Each step is called like the layer that it was.
    void partsHaveTheirLayersNames() {
        auto model = modelOf("resnet-18");
        optimize(model);
        const std::set<std::string> known = [] {
            std::set<std::string> paths;
            const auto before = modelOf("resnet-18");
            for (const auto& op : before.graph.ops())
                paths.insert(op.path);
            return paths;
        }();
        splitProducts(model.graph);
        for (const auto& op : model.graph.ops())
            QVERIFY2(known.contains(op.path), op.path.c_str());
    }

    /// oneDNN's sums of the shortcut, activations it has and has not, in FP32.
    void theFastEngineComputesTheSame() {
        for (std::uint32_t seed = 0; seed < 200; ++seed) {
            RandomNetwork network(seed);
            auto model = network.model();
            const auto before = outputsOf(model, Precision::F64, 3);
            optimize(model);
            const auto away = difference(before, outputsOf(model, Precision::F32, 3));
            QVERIFY2(away < 1e-5, qPrintable(QStringLiteral("seed %1: %2").arg(seed).arg(away)));
        }
    }

    void templatesStay_data() {
        QTest::addColumn<QString>("key");
        for (const auto& info : templates())
            QTest::newRow(info.key.c_str()) << QString::fromStdString(info.key);
    }
    void templatesStay() {
        QFETCH(QString, key);
        auto model = modelOf(key.toStdString());
        const bool isLarge = model.graph.macs() > 100'000'000;
        if (isLarge && !qEnvironmentVariableIsSet("GRADWRIGHT_LONG_TESTS"))
            QSKIP("large; ./dev test --long");
        for (const auto& op : model.graph.ops())
            if (std::holds_alternative<EmbeddingOp>(op.attributes))
                QSKIP("takes indices, which the noise of this test is not");
        const auto before = outputsOf(model, Precision::F32, 1);
        optimize(model);
        const auto away = difference(before, outputsOf(model, Precision::F32, 1));
        QVERIFY2(away < 1e-5, qPrintable(QString::number(away)));
    }

    /// NVIDIA's "TensorRT: layers before and after", by the rule of countedLayers().
    void layersAreCountedAsNvidiaDoes_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<int>("before");
        QTest::addColumn<int>("most");
        QTest::newRow("ResNet-152") << "resnet-152" << 670 << 159;
    }
    void layersAreCountedAsNvidiaDoes() {
        QFETCH(QString, key);
        QFETCH(int, before);
        QFETCH(int, most);
        auto model = modelOf(key.toStdString());
        const auto report = optimize(model);
        QCOMPARE(report.before.layers, before);
        QVERIFY2(report.after.layers <= most, qPrintable(QString::number(report.after.layers)));
    }

    void inceptionIsBelowWhatIsPublished() {
        auto model = modelOf("inception-v3");
        model.graph.setOutputs({model.graph.outputs()[0]}); // the other one is for training
        const auto report = optimize(model);
        QVERIFY2(report.after.layers <= 113, qPrintable(QString::number(report.after.layers)));
    }

    void residualBlocksBecomeTwoConvolutions() {
        auto model = modelOf("resnet-18");
        const auto report = optimize(model);
        QCOMPARE(mergesOf(report, "fold-normalization"), std::size_t{20});
        std::size_t sums = 0;
        for (const auto& op : model.graph.ops()) {
            QVERIFY(!std::holds_alternative<BatchNormOp>(op.attributes));
            QVERIFY(!std::holds_alternative<AddOp>(op.attributes));
            const auto* fused = std::get_if<FusedProductOp>(&op.attributes);
            sums += fused && fused->adds ? 1 : 0;
        }
        QCOMPARE(sums, std::size_t{8});
        // Kernels and biases alone are left of the weights.
        QCOMPARE(model.weights.size(), std::size_t{42});
        QCOMPARE(model.graph.weights().size(), model.weights.size());
    }

    /// What has a name outside keeps it.
    void resultsInTheMiddleStay() {
        auto model = modelOf("resnet-18");
        ValueId inside{};
        for (const auto& op : model.graph.ops())
            if (std::holds_alternative<BatchNormOp>(op.attributes)) {
                inside = op.inputs[0];
                break;
            }
        model.graph.addOutput("before the normalization", inside);
        const auto before = outputsOf(model, Precision::F32, 1);
        const auto report = optimize(model);
        QCOMPARE(mergesOf(report, "fold-normalization"), std::size_t{19});
        QVERIFY(difference(before, outputsOf(model, Precision::F32, 1)) < 1e-5);
    }
};

QTEST_APPLESS_MAIN(InferencePassesTest)
#include "tst_inference_passes.moc"
