// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/outcomes.h"
#include "engine/metrics/quality_json.h"
#include "engine/metrics/score.h"
#include "engine/support/json.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace gradwright;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const MetricDef& accuracy = metric("accuracy");
const MetricDef& r2 = metric("r2");

/// Six samples of two outputs with their targets: those of scikit-learn's r2_score, and again.
const std::vector<float> kTargets = {0.5F, 1, -1, 1, 7, -6, 3, -0.5F, 2, 7, 1, 1};
const std::vector<float> kOutputs = {0, 2, -1, 2, 8, -5, 2.5F, 0, 2, 8, 1, 0};

std::span<const float> part(const std::vector<float>& values, std::size_t from, std::size_t count) {
    return std::span(values).subspan(2 * from, 2 * count);
}

ScoreSums sumsOfParts(const std::vector<std::size_t>& counts) {
    ScoreSums sums;
    std::size_t from = 0;
    for (const auto count : counts) {
        sums.add(0.5 * static_cast<double>(count), part(kOutputs, from, count), {},
                 part(kTargets, from, count), static_cast<std::int64_t>(count));
        from += count;
    }
    return sums;
}

} // namespace

/// What a training knows of itself: sums, qualities and their texts.
class ScoreTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sharesOfRightAnswers() {
        ScoreSums sums;
        // The second sample's class has not the largest output.
        sums.add(1.5, std::vector<float>{0, 3, 1, 2, 1, 0}, std::vector<std::int32_t>{1, 2}, {}, 2);
        sums.add(0.5, std::vector<float>{1, 0, 5, 4, 0, 0}, std::vector<std::int32_t>{2, 0}, {}, 2);
        const auto score = scoreOf(sums, accuracy);
        QCOMPARE(score.loss, 0.5);
        QCOMPARE(score.samples, 4);
        QVERIFY(score.quality == (Quality{&accuracy, 0.75}));
    }

    void aSingleOutputDecidesByItsSign() {
        QCOMPARE(countCorrect(std::vector<float>{0.1F, -0.1F, 2, 0},
                              std::vector<std::int32_t>{1, 0, 0, 0}),
                 3);
    }

    void aClassAStepCountsEach() {
        ScoreSums sums; // one sample of three steps
        sums.add(2, std::vector<float>{1, 0, 0, 1, 1, 0}, std::vector<std::int32_t>{0, 1, 1}, {},
                 1);
        const auto score = scoreOf(sums, accuracy);
        QCOMPARE(score.samples, 1);
        QCOMPARE(score.loss, 2.0);
        QCOMPARE(score.quality.value, 2.0 / 3);
    }

    /// r2_score(..., multioutput="variance_weighted") of the first three samples.
    void valuesFollowScikitLearn() {
        const auto score = scoreOf(sumsOfParts({1, 2}), r2);
        QVERIFY(std::abs(score.quality.value - 0.938256658) < 1e-9);
        QCOMPARE(score.quality.metric, &r2);
    }

    /// Sums of parts say what all outcomes together say.
    void sumsAgreeWithOutcomes() {
        Outcomes all;
        all.elements = 2;
        all.labels.resize(6);
        all.outputs = kOutputs;
        all.targets = kTargets;
        const auto whole = r2.value(all);
        QVERIFY(whole.has_value());
        for (const auto& counts : {std::vector<std::size_t>{6}, std::vector<std::size_t>{4, 2},
                                   std::vector<std::size_t>{1, 1, 1, 1, 1, 1}}) {
            const auto score = scoreOf(sumsOfParts(counts), r2);
            QVERIFY(std::abs(score.quality.value - *whole) < 1e-12);
            QCOMPARE(score.loss, 0.5);
        }
    }

    /// What a training is judged by has to be known from its sums.
    void metricsOfTrainingsAreRunning() {
        for (const auto kind : {MetricKind::Classes, MetricKind::Values})
            QVERIFY(qualityMetric(kind).running);
    }

    void sumsAddUp() {
        const auto whole = sumsOfParts({6});
        auto sums = sumsOfParts({2});
        ScoreSums rest;
        rest.add(2.0, part(kOutputs, 2, 4), {}, part(kTargets, 2, 4), 4);
        sums.add(rest);
        QCOMPARE(sums.samples, whole.samples);
        QCOMPARE(sums.loss, whole.loss);
        QVERIFY(std::abs(scoreOf(sums, r2).quality.value - scoreOf(whole, r2).quality.value) <
                1e-12);
        sums.clear();
        QVERIFY(sums == ScoreSums());
    }

    void whatIsNotDefinedIsZero() {
        const auto none = scoreOf(ScoreSums{}, r2);
        QVERIFY(none == (Score{0, {&r2, 0}, 0}));
        ScoreSums same; // nothing to explain
        same.add(1, std::vector<float>{1, 3}, {}, std::vector<float>{2, 2}, 2);
        QCOMPARE(scoreOf(same, r2).quality.value, 0.0);
    }

    void theMetricSaysWhatIsBetter() {
        QVERIFY(isBetter({&accuracy, 0.9}, {&accuracy, 0.8}));
        QVERIFY(!isBetter({&accuracy, 0.8}, {&accuracy, 0.8}));
        QVERIFY(!isBetter({&accuracy, kNaN}, {&accuracy, 0.8}));
        const auto& error = metric("mae");
        QVERIFY(isBetter({&error, 0.8}, {&error, 0.9}));
        QVERIFY(!isBetter({&error, 0.9}, {&error, 0.8}));
    }

    void qualitiesForPeople() {
        QCOMPARE(toString(Quality{&accuracy, 0.97304}), std::string("accuracy 97.30 %"));
        QCOMPARE(briefText({&accuracy, 0.97304}), std::string("97.30 %"));
        QCOMPARE(toString(Quality{&r2, 0.91249}), std::string("R² 0.912"));
        QCOMPARE(briefText({&r2, -1.5}), std::string("R² -1.500"));
        QCOMPARE(valueText(metric("rmse"), 1234.56), std::string("1235"));
        QCOMPARE(valueText(metric("rmse"), 27'083.6), std::string("27084"));
        QCOMPARE(valueText(metric("rmse"), 9'999.7), std::string("10000"));
        QCOMPARE(valueText(metric("rmse"), 2.5e10), std::string("2.5e+10"));
        QCOMPARE(valueText(metric("bits"), 0.012345), std::string("0.01235"));
        QCOMPARE(valueText(accuracy, kNaN), std::string("NaN"));
        QCOMPARE(nameInSentence(metric("top_5_accuracy")), std::string("top-5 accuracy"));
        QCOMPARE(nameInSentence(metric("auc")), std::string("AUC, macro"));
        QCOMPARE(nameInSentence(metric("f1")), std::string("F1, macro"));
    }

    /// The keys that files have had from the start.
    void qualitiesInRecords() {
        QCOMPARE(qualityKey(accuracy), std::string("accuracy"));
        QCOMPARE(qualityKey(r2, "validation_"), std::string("validation_r2"));
        const Json record = {{"loss", 0.5}, {"epoch_accuracy", 0.75}, {"validation_r2", nullptr}};
        QVERIFY(qualityIn(record, "epoch_") == (Quality{&accuracy, 0.75}));
        const auto overflowed = qualityIn(record, "validation_");
        QVERIFY(overflowed && overflowed->metric == &r2 && std::isnan(overflowed->value));
        QVERIFY(!qualityIn(record, "test_"));
        // Errors are no one's quality: nothing adds them up.
        QVERIFY(!qualityIn({{"mae", 1.0}}));
        QVERIFY(!qualityIn(Json(3)));
    }
};

QTEST_APPLESS_MAIN(ScoreTest)
#include "tst_score.moc"
