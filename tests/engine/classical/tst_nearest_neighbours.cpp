// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/method.h"
#include "engine/support/rng.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace gradwright;

namespace {

/// What the method is, without any shortcut: the share of each class among the k samples with the
/// smallest distances, of equally far ones the earlier.
std::vector<double> sharesOf(const Samples& samples, std::span<const float> row, std::size_t k) {
    std::vector<std::pair<long double, std::size_t>> all;
    for (std::size_t n = 0; n < samples.count(); ++n) {
        long double square = 0;
        for (std::size_t f = 0; f < row.size(); ++f) {
            const auto off =
                static_cast<long double>(row[f]) - static_cast<long double>(samples.row(n)[f]);
            square += off * off;
        }
        all.emplace_back(square, n);
    }
    std::ranges::sort(all);
    std::vector<double> shares(samples.outputs());
    for (std::size_t i = 0; i < k; ++i)
        if (samples.classes > 0)
            shares[static_cast<std::size_t>(samples.labels[all[i].second])] += 1.0 / double(k);
        else
            for (std::size_t t = 0; t < samples.width; ++t)
                shares[t] += static_cast<double>(samples.target(all[i].second)[t]) / double(k);
    return shares;
}

enum class Kind { Real, Whole, Ties, FarAway, Spread };

Samples samplesOf(Kind kind, std::size_t count, std::size_t features, std::uint64_t seed) {
    const Rng rng(seed, RngStream::Test);
    Samples samples;
    samples.features = features;
    samples.classes = 5;
    std::uint64_t draw = 0;
    for (std::size_t n = 0; n < count; ++n) {
        for (std::size_t f = 0; f < features; ++f) {
            const auto real = rng.uniform(draw++);
            const auto whole = static_cast<double>(rng.below(draw++, 7));
            const double value = kind == Kind::Real      ? real
                                 : kind == Kind::Whole   ? whole
                                 : kind == Kind::Ties    ? std::floor(2 * real)
                                 : kind == Kind::FarAway ? 4096 + whole
                                                         : whole * std::pow(8.0, double(f % 5));
            samples.inputs.push_back(static_cast<float>(value));
        }
        samples.labels.push_back(static_cast<std::int32_t>(rng.below(draw++, samples.classes)));
    }
    return samples;
}

} // namespace

/// Answers are those of all distances, however few of them are measured.
class NearestNeighboursTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void answersAreThoseOfAllDistances_data() {
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("features");
        const std::vector<std::pair<const char*, Kind>> kinds = {{"real numbers", Kind::Real},
                                                                 {"whole numbers", Kind::Whole},
                                                                 {"ties everywhere", Kind::Ties},
                                                                 {"far from 0", Kind::FarAway},
                                                                 {"of many sizes", Kind::Spread}};
        for (const auto& [name, kind] : kinds)
            for (const int features : {1, 3, 65, 200})
                QTest::addRow("%s, %d features", name, features)
                    << static_cast<int>(kind) << features;
    }
    void answersAreThoseOfAllDistances() {
        QFETCH(const int, kind);
        QFETCH(const int, features);
        const auto width = static_cast<std::size_t>(features);
        const auto training = samplesOf(static_cast<Kind>(kind), 301, width, 1);
        // More than pass together, and no multiple of a group.
        const auto asked = samplesOf(static_cast<Kind>(kind), 131, width, 2);
        for (const std::int64_t k : {1, 5, 32, 300, 301, 1000}) {
            const auto model =
                fitMethod(classicalMethod("knn"), training, {{"neighbours", k}}, 1, {});
            const auto answers = answersOf(*model, asked, {});
            for (std::size_t i = 0; i < asked.count(); ++i) {
                const auto expected =
                    sharesOf(training, asked.row(i),
                             std::min(static_cast<std::size_t>(k), training.count()));
                std::vector<double> alone(expected.size());
                model->answer(asked.row(i), alone);
                for (std::size_t c = 0; c < expected.size(); ++c) {
                    QVERIFY(std::abs(answers[i * expected.size() + c] - expected[c]) < 1e-12);
                    QCOMPARE(alone[c], answers[i * expected.size() + c]);
                }
            }
        }
    }

    /// A sample that is asked is its own nearest, and of equal ones the first is.
    void equalSamplesCountInTheirOrder() {
        Samples training;
        training.features = 2;
        training.classes = 3;
        training.inputs = {1, 1, 0.1F, 0.2F, 0.1F, 0.2F, 0.1F, 0.2F, 5, 5};
        training.labels = {0, 2, 1, 0, 0};
        const auto first = [&](std::int64_t k) {
            const auto model =
                fitMethod(classicalMethod("knn"), training, {{"neighbours", k}}, 1, {});
            std::vector<double> said(3);
            model->answer(std::vector<float>{0.1F, 0.2F}, said);
            return said;
        };
        QCOMPARE(first(1), (std::vector<double>{0, 0, 1}));
        QCOMPARE(first(2), (std::vector<double>{0, 0.5, 0.5}));
    }

    void valuesAreAveraged() {
        auto training = samplesOf(Kind::Whole, 200, 40, 3);
        const auto asked = samplesOf(Kind::Whole, 70, 40, 4);
        training.classes = 0;
        training.width = 2;
        for (std::size_t n = 0; n < training.count(); ++n)
            for (const int times : {1, -3})
                training.targets.push_back(static_cast<float>(times) *
                                           static_cast<float>(training.labels[n]));
        training.labels.clear();
        const auto model =
            fitMethod(classicalMethod("knn"), training, {{"neighbours", std::int64_t{7}}}, 1, {});
        for (std::size_t i = 0; i < asked.count(); ++i) {
            std::vector<double> said(2);
            model->answer(asked.row(i), said);
            const auto expected = sharesOf(training, asked.row(i), 7);
            QVERIFY(std::abs(said[0] - expected[0]) < 1e-12);
            QVERIFY(std::abs(said[1] - expected[1]) < 1e-12);
        }
    }

    /// Numbers whose squares leave single precision are measured all the same.
    void hugeNumbersAreMeasured() {
        auto training = samplesOf(Kind::Whole, 64, 8, 5);
        auto asked = samplesOf(Kind::Whole, 9, 8, 6);
        for (auto* samples : {&training, &asked})
            for (auto& value : samples->inputs)
                value = std::ldexp(value, 84);
        const auto model =
            fitMethod(classicalMethod("knn"), training, {{"neighbours", std::int64_t{3}}}, 1, {});
        const auto answers = answersOf(*model, asked, {});
        for (std::size_t i = 0; i < asked.count(); ++i) {
            const auto expected = sharesOf(training, asked.row(i), 3);
            for (std::size_t c = 0; c < expected.size(); ++c)
                QVERIFY(std::abs(answers[i * expected.size() + c] - expected[c]) < 1e-12);
        }
    }
};

QTEST_GUILESS_MAIN(NearestNeighboursTest)
#include "tst_nearest_neighbours.moc"
