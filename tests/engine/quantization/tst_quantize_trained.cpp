// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/optimized_network.h"
#include "engine/passes/quantization/pack_dense.h"
#include "engine/quantization/quantize_trained.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace gradwright;

namespace {

constexpr std::size_t kPixels = 784;
constexpr std::size_t kHidden = 16;
constexpr std::size_t kDigits = 10;

/// A classifier by the mean image of each digit: unit d of the hidden layer is the score of digit d
/// and a constant that keeps it above 0, and the last layer hands the scores on. `outlier`: one
/// more unit is always a million, and nobody uses it.
struct Classifier {
    Project project = test::smallProject(400);
    Dataset data = openDataset(project.data);
    TrainingGraph graph = evaluationGraph(project.network, data.info, project.training);
    InferenceModel model;

    explicit Classifier(bool outlier) {
        std::vector<float> means(kDigits * kPixels, 0);
        std::vector<float> counts(kDigits, 0);
        std::vector<float> image(kPixels);
        for (std::int64_t i = 0; i < data.training->size(); ++i) {
            data.training->input(i, image);
            const auto digit = static_cast<std::size_t>(data.training->label(i));
            counts[digit] += 1;
            for (std::size_t p = 0; p < kPixels; ++p)
                means[digit * kPixels + p] += image[p];
        }
        Tensor hidden(DType::F32, {kHidden, kPixels});
        Tensor offsets(DType::F32, {kHidden});
        Tensor scores(DType::F32, {kDigits, kHidden});
        for (std::size_t digit = 0; digit < kDigits; ++digit) {
            float square = 0;
            for (std::size_t p = 0; p < kPixels; ++p) {
                const float mean = means[digit * kPixels + p] / counts[digit];
                hidden.span<float>()[digit * kPixels + p] = mean;
                square += mean * mean;
            }
            offsets.span<float>()[digit] = 50 - square / 2;
            scores.span<float>()[digit * kHidden + digit] = 1;
        }
        if (outlier)
            offsets.span<float>()[kDigits] = 1e6F;
        Weights weights;
        weights.values = {{"hidden/weight", hidden},
                          {"hidden/bias", offsets},
                          {"scores/weight", scores},
                          {"scores/bias", Tensor(DType::F32, {kDigits})}};
        model = inferenceModel(graph.graph, weights);
        prepareForQuantization(model);
    }

    [[nodiscard]] QuantizedNetwork quantized(const QuantizationSettings& settings) const {
        auto made =
            quantizeTrained(model, graph, calibrationData(data, project.data, 200, 1), settings);
        if (!made)
            throw Error("it was stopped");
        return *std::move(made);
    }
};

} // namespace

/// Which layers compute in integers, by what they lose.
class QuantizeTrainedTest : public QObject {
    Q_OBJECT

private Q_SLOTS:

    void allLayersGoWhereNothingIsLost() {
        const Classifier classifier(false);
        const auto made = classifier.quantized({.mostLoss = 0.02});
        QVERIFY2(made.before.quality.value > 0.6, "the classifier knows digits");
        QVERIFY(made.before.quality.value - made.after.quality.value <= 0.02);
        QCOMPARE(made.plan.size(), std::size_t{2});
        for (const auto& layer : made.layers)
            QVERIFY(layer.isQuantized && layer.error > 0 && layer.error < 0.05);
        QCOMPARE(weightBytes(classifier.model),
                 std::int64_t{4 * (kHidden * (kPixels + 1) + kDigits * (kHidden + 1))});
        QCOMPARE(weightBytes(made.model),
                 std::int64_t{kHidden * (kPixels + 4) + kDigits * (kHidden + 4)});
    }

    /// By plain loops over the samples.
    void meansAreThoseOfTheSamples() {
        const Classifier classifier(false);
        const auto samples = calibrationData(classifier.data, classifier.project.data, 60, 1);
        const auto means = *meansOf(classifier.model, classifier.graph, samples);
        std::vector<double> pixels(kPixels), hidden(kHidden);
        std::vector<float> image(kPixels);
        const auto weights = weightsOf(classifier.model);
        const auto kernel = weights.find("hidden/weight")->span<float>();
        const auto bias = weights.find("hidden/bias")->span<float>();
        for (const auto index : samples.indices) {
            samples.source->input(index, image);
            for (std::size_t p = 0; p < kPixels; ++p)
                pixels[p] += double{image[p]} / 60;
            for (std::size_t unit = 0; unit < kHidden; ++unit) {
                double sum = bias[unit];
                for (std::size_t p = 0; p < kPixels; ++p)
                    sum += double{kernel[unit * kPixels + p]} * double{image[p]};
                hidden[unit] += std::max(sum, 0.0) / 60;
            }
        }
        QCOMPARE(means.size(), std::size_t{2});
        for (std::size_t p = 0; p < kPixels; ++p)
            QVERIFY(std::abs(means.at("hidden/weight")[p] - pixels[p]) < 1e-6);
        for (std::size_t unit = 0; unit < kHidden; ++unit)
            QVERIFY(std::abs(means.at("scores/weight")[unit] - hidden[unit]) <
                    1e-4 * (1 + hidden[unit]));
    }

    /// What the network says on the mean is closer to FP32's with corrected biases, and the rest
    /// goes with the plan.
    void settingsOfTheWeightsAreTaken() {
        const Classifier classifier(false);
        const auto plain = classifier.quantized({});
        const auto corrected = classifier.quantized({.correctsBiases = true});
        QVERIFY(plain.means.empty() && corrected.means.size() == 2);
        QVERIFY(corrected.real.weights == classifier.model.weights);
        const auto samples = calibrationData(classifier.data, classifier.project.data, 200, 1);
        const auto bias = [&](const InferenceModel& model) {
            const auto real = *outputsFor(classifier.model, classifier.graph, samples);
            const auto made = *outputsFor(model, classifier.graph, samples);
            std::vector<double> sums(kDigits);
            for (std::size_t i = 0; i < real.size(); ++i)
                sums[i % kDigits] += double{made[i]} - double{real[i]};
            double squares = 0;
            for (const double sum : sums)
                squares += sum * sum;
            return squares;
        };
        QVERIFY2(
            bias(corrected.model) < bias(plain.model),
            qPrintable(QStringLiteral("%1, %2").arg(bias(corrected.model)).arg(bias(plain.model))));
        const auto equalized = classifier.quantized({.equalizes = true});
        QVERIFY(equalized.real.weights != classifier.model.weights);
        QCOMPARE(equalized.before.loss, plain.before.loss); // of the network as it was
        QVERIFY(std::abs(equalized.after.quality.value - plain.before.quality.value) <= 0.03);
    }

    /// The steps of what the last layer reads are as large as the whole of what it needs.
    void theLayerThatLosesMostStaysReal() {
        const Classifier classifier(true);
        const auto all = classifier.quantized({});
        QCOMPARE(all.plan.size(), std::size_t{2});
        QVERIFY(all.before.quality.value - all.after.quality.value > 0.3);
        QVERIFY(all.layers[1].error > 10 * all.layers[0].error);
        const auto chosen = classifier.quantized({.mostLoss = 0.02});
        QVERIFY(chosen.layers[0].isQuantized && !chosen.layers[1].isQuantized);
        QVERIFY(chosen.before.quality.value - chosen.after.quality.value <= 0.02);
        QVERIFY(!chosen.plan.contains("scores/weight"));
        // The same by name.
        const auto kept = classifier.quantized({.keep = {"scores"}});
        QVERIFY(kept.plan == chosen.plan);
    }

    /// The pass does the same to the network; what a plan leaves out stays as it is.
    void kernelsOfFourBits() {
        const Classifier classifier(false);
        constexpr std::int64_t kGroup = 16;
        const auto all = classifier.quantized({.packedGroup = kGroup});
        const auto packed = [&](const std::set<std::string>& keep) {
            auto model = classifier.model;
            packDense(model, kGroup, keep);
            return model.weights;
        };
        QCOMPARE(all.plan.size(), std::size_t{2});
        QVERIFY(all.model.weights == packed({}));
        QVERIFY(inIntegers(all, {}).weights == classifier.model.weights);
        const auto kept = classifier.quantized({.keep = {"scores"}, .packedGroup = kGroup});
        QVERIFY(kept.model.weights == packed({"scores/weight"}));
        QVERIFY(inIntegers(all, kept.plan).weights == kept.model.weights);
        QVERIFY(kept.layers[0].isQuantized && !kept.layers[1].isQuantized);
        // Ones and zeros are whole numbers of 4 bits, means of pixels are not.
        QVERIFY2(all.layers[1].error < 1e-6, std::to_string(all.layers[1].error).c_str());
        QVERIFY2(all.layers[0].error > 1e-3, std::to_string(all.layers[0].error).c_str());
        // With a scale of its own a weight is what it was, but for the rounding of FP32.
        const auto single = classifier.quantized({.packedGroup = 1});
        QVERIFY2(single.layers[0].error < 1e-5, std::to_string(single.layers[0].error).c_str());
        // No loss at all is allowed, and the layer that causes it goes back to FP32 where there is.
        const auto chosen = classifier.quantized({.mostLoss = 0.0, .packedGroup = 1'000'000});
        QVERIFY(chosen.after.quality.value >= chosen.before.quality.value);
        QVERIFY(test::contains(
            test::errorOf([&] {
                (void)classifier.quantized({.keep = {"hidden", "scores"}, .packedGroup = kGroup});
            }),
            "no dense layer whose kernel could be in 4 bits"));
    }

    void calibrationTakesTrainingSamplesAlone() {
        auto project = test::smallProject(400, 0.25);
        const auto data = openDataset(project.data);
        const auto all = calibrationData(data, project.data, 1'000'000, 1);
        const auto parts = splitOf(data, project.data);
        const std::set<std::uint32_t> expected(parts.training.begin(), parts.training.end());
        QVERIFY(!parts.validation.empty());
        QCOMPARE(std::set<std::uint32_t>(all.indices.begin(), all.indices.end()), expected);
        QCOMPARE(all.indices.size(), expected.size());
        QVERIFY(std::ranges::none_of(parts.validation, [&](std::uint32_t index) {
            return std::ranges::find(all.indices, index) != all.indices.end();
        }));
        const auto some = calibrationData(data, project.data, 50, 1);
        QCOMPARE(some.indices.size(), std::size_t{50});
        QVERIFY(some.indices == calibrationData(data, project.data, 50, 1).indices);
        QVERIFY(some.indices != calibrationData(data, project.data, 50, 2).indices);
    }

    void itStops() {
        const Classifier classifier(false);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(!quantizeTrained(classifier.model, classifier.graph,
                                 calibrationData(classifier.data, classifier.project.data, 50, 1),
                                 {}, stop.get_token()));
        std::vector<double> shares;
        QVERIFY(quantizeTrained(classifier.model, classifier.graph,
                                calibrationData(classifier.data, classifier.project.data, 50, 1),
                                {}, {}, [&](double share) { shares.push_back(share); }));
        QVERIFY(std::ranges::is_sorted(shares) && shares.back() == 1.0);
    }
};

QTEST_APPLESS_MAIN(QuantizeTrainedTest)
#include "tst_quantize_trained.moc"
