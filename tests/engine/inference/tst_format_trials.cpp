// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/format_trials.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kCount = 21;
constexpr std::int64_t kFeatures = 7;

float inputOf(std::int64_t sample, std::int64_t feature) {
    return std::sin(static_cast<float>(3 * sample + 5 * feature + 1));
}
float kernelOf(std::int64_t unit, std::int64_t feature) {
    return std::cos(static_cast<float>(2 * unit + 11 * feature)) * (unit == 0 ? 0.1F : 2.0F);
}

class WaveSource final : public DataSource {
public:
    [[nodiscard]] std::int64_t size() const override { return kCount; }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        for (std::int64_t i = 0; i < kFeatures; ++i)
            out[static_cast<std::size_t>(i)] = inputOf(index, i);
    }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return static_cast<std::int32_t>(index % 2);
    }

private:
    Shape shape_{kFeatures};
};

/// Two units of seven features, without bias.
InferenceModel oneLayer() {
    InferenceModel model;
    const auto x = model.graph.addInput("x", ValueType(Shape{kFeatures}));
    Tensor kernel(DType::F32, {2, kFeatures});
    for (std::int64_t unit = 0; unit < 2; ++unit)
        for (std::int64_t i = 0; i < kFeatures; ++i)
            kernel.span<float>()[static_cast<std::size_t>(unit * kFeatures + i)] =
                kernelOf(unit, i);
    const auto weight = model.add("dense/weight", std::move(kernel));
    model.graph.addOutput(
        "y", model.graph.add(DenseOp{.units = 2, .bias = false}, {x}, "dense", {weight}));
    return model;
}

/// FP32's bits cut off behind the 7th of the mantissa, rounded to the nearest, halves to even.
float toBf16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return std::bit_cast<float>((bits + 0x7FFFU + (bits >> 16 & 1U)) & 0xFFFF0000U);
}

double toInteger(double value, double most, double steps) {
    return most == 0 ? 0 : std::nearbyint(value / most * steps) * most / steps;
}

std::map<std::string, FormatTrial> trialsOf(const InferenceModel& model, FormatWish wish = {}) {
    std::map<std::string, FormatTrial> trials;
    auto made = tryFormats(model, std::make_shared<WaveSource>(), wish);
    for (auto& trial : made.value())
        trials.emplace(trial.format->key, std::move(trial));
    return trials;
}

} // namespace

/// Networks in number formats.
class FormatTrialsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Against numbers that are rounded here.
    void errorsAreThoseOfRounding() {
        const auto trials = trialsOf(oneLayer(), {.samples = kCount, .seconds = 0});
        QCOMPARE(trials.size(), numberFormats().size());
        double mostInput = 0;
        double mostResult = 0;
        double rowMost[2] = {0, 0};
        for (std::int64_t n = 0; n < kCount; ++n)
            for (std::int64_t i = 0; i < kFeatures; ++i) {
                mostInput = std::max(mostInput, std::abs(static_cast<double>(inputOf(n, i))));
                for (int unit = 0; unit < 2; ++unit)
                    rowMost[unit] =
                        std::max(rowMost[unit], std::abs(static_cast<double>(kernelOf(unit, i))));
            }
        std::vector<double> exact;
        for (std::int64_t n = 0; n < kCount; ++n)
            for (int unit = 0; unit < 2; ++unit) {
                double sum = 0;
                for (std::int64_t i = 0; i < kFeatures; ++i)
                    sum +=
                        static_cast<double>(kernelOf(unit, i)) * static_cast<double>(inputOf(n, i));
                exact.push_back(sum);
                mostResult = std::max(mostResult, std::abs(sum));
            }
        double bf16 = 0, int8 = 0, int4 = 0, bf16Sum = 0;
        for (std::int64_t n = 0; n < kCount; ++n)
            for (int unit = 0; unit < 2; ++unit) {
                float inBf16 = 0;
                double inInt8 = 0;
                double inInt4 = 0;
                for (std::int64_t i = 0; i < kFeatures; ++i) {
                    const double x = static_cast<double>(inputOf(n, i));
                    const double w = static_cast<double>(kernelOf(unit, i));
                    inBf16 += toBf16(kernelOf(unit, i)) * toBf16(inputOf(n, i));
                    inInt8 += toInteger(w, rowMost[unit], 127) * toInteger(x, mostInput, 127);
                    inInt4 += toInteger(w, rowMost[unit], 7) * x;
                }
                const auto want = exact[static_cast<std::size_t>(n * 2 + unit)];
                const auto away = std::abs(static_cast<double>(toBf16(inBf16)) - want);
                bf16 = std::max(bf16, away);
                bf16Sum += away;
                int8 = std::max(int8, std::abs(toInteger(inInt8, mostResult, 127) - want));
                int4 = std::max(int4, std::abs(inInt4 - want));
            }
        const auto largest = [&](const char* key) { return trials.at(key).layers.at(0).largest; };
        QVERIFY(std::abs(largest("bf16") - bf16) < 1e-6);
        QVERIFY(std::abs(trials.at("bf16").layers[0].mean - bf16Sum / (2 * kCount)) < 1e-6);
        QVERIFY2(std::abs(largest("int8") - int8) < 1e-6,
                 qPrintable(QString("%1, %2").arg(largest("int8")).arg(int8)));
        QVERIFY(std::abs(largest("int4") - int4) < 1e-6);
        QCOMPARE(largest("fp64"), 0.0);
        QVERIFY(largest("fp32") > 0 && largest("fp32") < 1e-5);
        QVERIFY(largest("tf32") > largest("fp32") && largest("bf16") > largest("tf32"));
        QVERIFY(std::abs(trials.at("bf16").layers[0].scale - mostResult) < 1e-6);
    }

    void sizesAndWaysAreTold() {
        const auto trials = trialsOf(oneLayer(), {.samples = 5, .seconds = 0});
        QCOMPARE(trials.at("fp64").weightBytes, 14 * 8);
        QCOMPARE(trials.at("bf16").weightBytes, 14 * 2);
        QCOMPARE(trials.at("int4").weightBytes, 7);
        QVERIFY(trials.at("int4").weightsOnly && !trials.at("int8").weightsOnly);
        QVERIFY(!trials.at("fp32").isSimulated && trials.at("tf32").isSimulated);
        QVERIFY(!trials.at("fp32").seconds);
        // Accuracy by hand: of five samples those whose larger unit is their label.
        int right = 0;
        for (std::int64_t n = 0; n < 5; ++n) {
            double sums[2] = {0, 0};
            for (int unit = 0; unit < 2; ++unit)
                for (std::int64_t i = 0; i < kFeatures; ++i)
                    sums[unit] += static_cast<double>(kernelOf(unit, i) * inputOf(n, i));
            right += (sums[1] > sums[0] ? 1 : 0) == n % 2 ? 1 : 0;
        }
        QCOMPARE(trials.at("fp64").quality->value, right / 5.0);
        const auto measured = trialsOf(oneLayer(), {.samples = 1, .seconds = 0.001});
        QVERIFY(measured.at("fp32").seconds > 0 && !measured.at("int8").seconds);
    }

    void whatCannotBeTriedIsNamed() {
        InferenceModel model;
        const auto x = model.graph.addInput("x", ValueType(Shape{kFeatures}));
        const auto table = model.add("table", Tensor(DType::F32, {4, 3}));
        model.graph.addOutput("y", model.graph.add(EmbeddingOp{.vocabulary = 4, .dimensions = 3},
                                                   {x}, "letters", {table}));
        const auto fault =
            messageOf([&] { return tryFormats(model, std::make_shared<WaveSource>())->size(); });
        QVERIFY2(fault.contains("letters"), qPrintable(fault));
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(!tryFormats(oneLayer(), std::make_shared<WaveSource>(), {}, stop.get_token()));
    }
};

QTEST_APPLESS_MAIN(FormatTrialsTest)
#include "tst_format_trials.moc"
