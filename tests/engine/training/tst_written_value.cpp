// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "engine/training/batch_tracer.h"
#include "engine/training/written_value.h"
#include "tests/support/data_files.h"
#include "tests/support/network_builder.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <array>
#include <cmath>

using namespace gradwright;
using test::contains;
using test::NetworkBuilder;

namespace {

constexpr std::size_t kSteps = 2;
constexpr std::size_t kFeatures = 4;
constexpr std::size_t kHeads = 2;
constexpr std::size_t kWidth = kFeatures / kHeads;
constexpr std::size_t kSample = 1; ///< of the batch: not the first

using Sequence = std::array<std::array<double, kFeatures>, kSteps>;

bool isNear(double a, double b) {
    return std::abs(a - b) <= 1e-9 * std::max(1.0, std::abs(b));
}

const TracedWeight& weightOf(const BatchTrace& trace, std::string_view key) {
    const auto found = std::ranges::find(trace.weights, key, &TracedWeight::key);
    if (found == trace.weights.end())
        throw Error("no weight {}", key);
    return *found;
}

double weightAt(const BatchTrace& trace, std::string_view key, std::size_t index) {
    return weightOf(trace, key).before.span<double>()[index];
}

/// A point as two steps of a number, which are widened, attend to each other, and are normalized
/// three times.
Project sequenceProject(bool causal) {
    auto project = openTemplate("exclusive-or");
    NetworkBuilder builder;
    auto last = builder.layer("input", {{"shape", IntTuple{2}}}, "point");
    last = builder.after(last, "reshape", {{"shape", IntTuple{kSteps, 1}}}, "steps");
    last = builder.after(last, "dense", {{"units", std::int64_t{kFeatures}}}, "wide");
    last = builder.after(last, "multi-head-self-attention",
                         {{"heads", std::int64_t{kHeads}}, {"causal", causal}}, "attention");
    last = builder.after(last, "layer-norm", {}, "norm");
    last = builder.after(last, "layer-norm", {{"over", std::string("all")}}, "whole");
    last = builder.after(last, "rms-norm", {}, "size");
    last = builder.after(last, "flatten", {}, "row");
    last = builder.after(last, "dense", {{"units", std::int64_t{2}}}, "scores");
    builder.after(last, "output", {}, "class");
    project.network = builder.network;
    return project;
}

/// What a layer made of the sample, from the trace.
Sequence valuesOf(const BatchTrace& trace, const char* layer) {
    const auto values = trace.value(trace.network->find(layer)->outputs[0]).span<double>();
    Sequence made{};
    for (std::size_t t = 0; t < kSteps; ++t)
        for (std::size_t f = 0; f < kFeatures; ++f)
            made[t][f] = values[(kSample * kSteps + t) * kFeatures + f];
    return made;
}

/// Attention by the book, from its input and its weights alone.
struct ByHand {
    std::array<std::array<std::array<double, kSteps>, kSteps>, kHeads> share{};
    std::array<std::array<std::array<double, kSteps>, kSteps>, kHeads> product{}; ///< q · k
    Sequence gathered{};
    Sequence answer{};

    ByHand(const BatchTrace& trace, bool causal) {
        const auto x = valuesOf(trace, "wide");
        std::array<Sequence, 3> parts{}; // queries, keys, values
        for (std::size_t part = 0; part < 3; ++part)
            for (std::size_t t = 0; t < kSteps; ++t)
                for (std::size_t f = 0; f < kFeatures; ++f) {
                    const auto row = part * kFeatures + f;
                    double sum = weightAt(trace, "attention/in_proj_bias", row);
                    for (std::size_t i = 0; i < kFeatures; ++i)
                        sum += weightAt(trace, "attention/in_proj_weight", row * kFeatures + i) *
                               x[t][i];
                    parts[part][t][f] = sum;
                }
        for (std::size_t h = 0; h < kHeads; ++h)
            for (std::size_t t = 0; t < kSteps; ++t) {
                const auto seen = causal ? t + 1 : kSteps;
                double total = 0;
                for (std::size_t s = 0; s < seen; ++s) {
                    for (std::size_t i = h * kWidth; i < (h + 1) * kWidth; ++i)
                        product[h][t][s] += parts[0][t][i] * parts[1][s][i];
                    share[h][t][s] = std::exp(product[h][t][s] / std::sqrt(2.0)); // width 2
                    total += share[h][t][s];
                }
                for (std::size_t s = 0; s < seen; ++s) {
                    share[h][t][s] /= total;
                    for (std::size_t i = h * kWidth; i < (h + 1) * kWidth; ++i)
                        gathered[t][i] += share[h][t][s] * parts[2][s][i];
                }
            }
        for (std::size_t t = 0; t < kSteps; ++t)
            for (std::size_t f = 0; f < kFeatures; ++f) {
                answer[t][f] = weightAt(trace, "attention/out_proj.bias", f);
                for (std::size_t i = 0; i < kFeatures; ++i)
                    answer[t][f] +=
                        weightAt(trace, "attention/out_proj.weight", f * kFeatures + i) *
                        gathered[t][i];
            }
    }
};

double sumOf(const WrittenSum& sum) {
    double total = sum.bias.value_or(0);
    for (const auto& term : sum.terms)
        total += term.weight * term.input;
    return total;
}

} // namespace

/// Attention and normalization written out, against the same by hand.
class WrittenValueTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void attentionIsWrittenOut_data() {
        QTest::addColumn<bool>("causal");
        QTest::newRow("all steps") << false;
        QTest::newRow("causal") << true;
    }
    void attentionIsWrittenOut() {
        QFETCH(const bool, causal);
        BatchTracer tracer({sequenceProject(causal).network,
                            sequenceProject(causal).data,
                            sequenceProject(causal).training,
                            {}});
        const auto trace = *tracer.next();
        const ByHand hand(trace, causal);
        const auto& layer = *trace.network->find("attention");
        for (std::size_t t = 0; t < kSteps; ++t)
            for (std::size_t f = 0; f < kFeatures; ++f) {
                const auto made =
                    writeOut(trace, layer, kSample, static_cast<std::int64_t>(t * kFeatures + f));
                QCOMPARE(made.place,
                         "step " + std::to_string(t + 1) + ", unit " + std::to_string(f + 1));
                QVERIFY(isNear(made.value, hand.answer[t][f]));
                QCOMPARE(made.sums.size(), std::size_t{3});
                // What the heads gather, projected.
                QVERIFY(isNear(made.sums[0].value, hand.answer[t][f]));
                QVERIFY(isNear(sumOf(made.sums[0]), hand.answer[t][f]));
                std::size_t largest = 0;
                double most = -1;
                for (std::size_t i = 0; i < kFeatures; ++i) {
                    const auto& term = made.sums[0].terms[i];
                    QVERIFY(isNear(term.input, hand.gathered[t][i]));
                    if (const double size = std::abs(term.weight * term.input); size > most) {
                        most = size;
                        largest = i;
                    }
                }
                // The largest of these: shares times values.
                const auto head = largest / kWidth;
                const auto& shares = hand.share[head][t];
                QCOMPARE(made.sums[1].name, "x" + std::to_string(largest + 1));
                QVERIFY(isNear(sumOf(made.sums[1]), hand.gathered[t][largest]));
                QCOMPARE(made.sums[1].terms.size(), causal ? t + 1 : kSteps);
                const std::size_t first = shares[1] > shares[0] ? 1 : 0;
                QVERIFY(isNear(made.sums[1].terms[0].weight, shares[first]));
                QCOMPARE(made.sums[1].terms[0].name, "step " + std::to_string(first + 1));
                // And the largest share.
                QVERIFY(isNear(sumOf(made.sums[2]), hand.product[head][t][first]));
                QVERIFY(isNear(made.sums[2].value, hand.product[head][t][first]));
                QCOMPARE(made.lines.size(), std::size_t{1});
                for (const auto& part :
                     {"head " + std::to_string(head + 1), "step " + std::to_string(first + 1),
                      shownNumber(hand.product[head][t][first]), shownNumber(std::sqrt(2.0)),
                      "= " + shownNumber(shares[first])})
                    QVERIFY2(contains(made.lines[0], part), made.lines[0].c_str());
            }
    }

    /// (x - mean) / spread · scale + shift of the right values.
    void normalizationIsWrittenOut_data() {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("before");
        for (const auto& [layer, before] : {std::pair("norm", "attention"),
                                            std::pair("whole", "norm"), std::pair("size", "whole")})
            QTest::newRow(layer) << layer << before;
    }
    void normalizationIsWrittenOut() {
        QFETCH(const QString, layer);
        QFETCH(const QString, before);
        const auto project = sequenceProject(false);
        BatchTracer tracer({project.network, project.data, project.training, {}});
        (void)tracer.next();
        const auto trace = *tracer.next(); // scale and shift have moved
        const auto x = valuesOf(trace, qPrintable(before));
        const bool isWhole = layer == QStringLiteral("whole");
        const bool isSize = layer == QStringLiteral("size");
        const auto key = layer.toStdString();
        for (std::size_t t = 0; t < kSteps; ++t)
            for (std::size_t f = 0; f < kFeatures; ++f) {
                double mean = 0;
                double squares = 0;
                const double count = isWhole ? kSteps * kFeatures : kFeatures;
                const auto visit = [&](const auto& take) {
                    for (std::size_t s = isWhole ? 0 : t; s < (isWhole ? kSteps : t + 1); ++s)
                        for (const double value : x[s])
                            take(value);
                };
                if (!isSize)
                    visit([&](double value) { mean += value / count; });
                visit([&](double value) { squares += (value - mean) * (value - mean) / count; });
                const double spread = std::sqrt(squares + (isSize ? 1e-6 : 1e-5));
                const auto place = isWhole ? t * kFeatures + f : f;
                const double scale = weightAt(trace, key + "/weight", place);
                const double shift = isSize ? 0 : weightAt(trace, key + "/bias", place);
                QVERIFY(scale != 1.0);
                const double want = (x[t][f] - mean) / spread * scale + shift;
                const auto made = writeOut(trace, *trace.network->find(key), kSample,
                                           static_cast<std::int64_t>(t * kFeatures + f));
                QVERIFY2(std::abs(made.value - want) < 1e-9, made.lines.back().c_str());
                QCOMPARE(made.lines.size(), std::size_t{2});
                QVERIFY2(contains(made.lines[0], std::to_string(static_cast<int>(count)) +
                                                     " values of the sample"),
                         made.lines[0].c_str());
                const auto& line = made.lines[1];
                for (const double number : {x[t][f], spread, scale})
                    QVERIFY2(contains(line, shownNumber(number)), line.c_str());
                QCOMPARE(contains(line, "- mean "), !isSize);
                if (!isSize)
                    for (const double number : {mean, shift})
                        QVERIFY2(contains(line, shownNumber(number)), line.c_str());
                QVERIFY2(line.ends_with("= " + shownNumber(want)), line.c_str());
            }
    }

    /// The largest template with attention has its sums right, too.
    void sumsOfATransformerAreThoseOfTheEngine() {
        const auto project = openTemplate("tiny-vision-transformer");
        BatchTracer tracer({project.network, project.data, project.training, {}});
        const auto trace = *tracer.next();
        int attentions = 0;
        int norms = 0;
        for (const auto& layer : trace.network->layers) {
            const auto count = elementsOf(trace, layer);
            const auto made = writeOut(trace, layer, trace.samples - 1, count - 1);
            for (const auto& sum : made.sums)
                QVERIFY2(isNear(sumOf(sum), sum.value), layer.path.c_str());
            attentions += layer.path.ends_with("/attention") && made.sums.size() == 3 ? 1 : 0;
            norms += contains(layer.path, "norm") && made.lines.size() == 2 ? 1 : 0;
        }
        QCOMPARE(attentions, 4);
        QCOMPARE(norms, 9); // two in each of four encoders, and one behind them
    }
};

QTEST_GUILESS_MAIN(WrittenValueTest)
#include "tst_written_value.moc"
