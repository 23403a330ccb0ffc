// SPDX-License-Identifier: GPL-3.0-or-later
// Expected values: the examples in the documentation of scikit-learn's metrics.
#include "engine/metrics/confusion.h"
#include "engine/metrics/quality.h"
#include "engine/metrics/sample_losses.h"
#include "engine/support/error.h"

#include <QTest>

#include <cmath>
#include <limits>
#include <set>

using namespace gradwright;

namespace {

Outcomes regression(std::size_t elements, std::vector<float> targets, std::vector<float> outputs) {
    Outcomes outcomes;
    outcomes.elements = elements;
    outcomes.labels.resize(targets.size() / elements);
    outcomes.targets = std::move(targets);
    outcomes.outputs = std::move(outputs);
    return outcomes;
}

/// Each sample surely read as its predicted class.
Outcomes classified(std::size_t classes, std::vector<std::int32_t> labels,
                    const std::vector<std::size_t>& predicted) {
    Outcomes outcomes;
    outcomes.elements = classes;
    outcomes.outputs.resize(labels.size() * classes);
    for (std::size_t n = 0; n < labels.size(); ++n)
        outcomes.outputs[n * classes + predicted[n]] = 1;
    outcomes.labels = std::move(labels);
    return outcomes;
}

std::set<std::string>& covered() {
    static std::set<std::string> keys;
    return keys;
}

bool near(const std::string& key, const Outcomes& outcomes, double expected) {
    covered().insert(key);
    const auto value = metric(key).value(outcomes);
    return value && std::abs(*value - expected) < 1e-6;
}

} // namespace

class MetricsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void classesFollowScikitLearn() {
        const auto outcomes = classified(3, {0, 1, 2, 0, 1, 2}, {0, 2, 1, 0, 0, 1});
        QVERIFY(near("accuracy", outcomes, 1.0 / 3));
        QVERIFY(near("precision", outcomes, 2.0 / 9));
        QVERIFY(near("recall", outcomes, 1.0 / 3));
        QVERIFY(near("f1", outcomes, 4.0 / 15));
    }

    void oneClassAgainstTheOthers() {
        const auto outcomes = classified(3, {0, 1, 2, 0, 1, 2}, {0, 2, 1, 0, 0, 1});
        const ConfusionMatrix matrix(3, readingsOf(outcomes));
        const auto zero = classScore(matrix, 0);
        QCOMPARE(zero.samples, 2);
        QVERIFY(std::abs(zero.precision - 2.0 / 3) < 1e-12);
        QCOMPARE(zero.recall, 1.0);
        QVERIFY(std::abs(zero.f1 - 0.8) < 1e-12);
        QCOMPARE(classScore(matrix, 1).f1, 0.0);
    }

    void areaUnderTheCurve() {
        Outcomes outcomes;
        outcomes.elements = 2;
        outcomes.labels = {0, 0, 1, 1};
        outcomes.outputs = {0.9F, 0.1F, 0.6F, 0.4F, 0.65F, 0.35F, 0.2F, 0.8F};
        QVERIFY(near("auc", outcomes, 0.75));
        // All alike: no better than chance.
        outcomes.outputs.assign(8, 0.5F);
        QVERIFY(near("auc", outcomes, 0.5));
        outcomes.labels.assign(4, 1);
        QVERIFY(!metric("auc").value(outcomes));
        // Of diverged weights.
        outcomes.labels[0] = 1 - outcomes.labels[0];
        QVERIFY(metric("auc").value(outcomes));
        outcomes.outputs.assign(8, std::numeric_limits<float>::quiet_NaN());
        QVERIFY(!metric("auc").value(outcomes));
    }

    void amongTheFiveLargest() {
        Outcomes outcomes;
        outcomes.elements = 7;
        outcomes.labels = {0, 1, 2};
        outcomes.outputs = {7, 6, 5, 4, 3, 2, 1,  // first
                            7, 3, 6, 5, 4, 2, 1,  // fifth
                            7, 6, 1, 5, 4, 3, 2}; // last
        QVERIFY(near("top_5_accuracy", outcomes, 2.0 / 3));
        QVERIFY(near("accuracy", outcomes, 1.0 / 3));
        QCOMPARE(topKAccuracy(outcomes, 4).value(), 1.0 / 3);
        QCOMPARE(topKAccuracy(outcomes, 6).value(), 2.0 / 3);
        QVERIFY(!topKAccuracy(outcomes, 7));
        // Of equal outputs the first counts, as where the largest is taken.
        outcomes.outputs.assign(21, 0.0F);
        QVERIFY(near("accuracy", outcomes, 1.0 / 3));
        QVERIFY(!metric("top_5_accuracy").value(classified(5, {0}, {0})));
    }

    void bitsAreOfStepsAlone() {
        auto outcomes = classified(2, {0, 1, 1, 0}, {0, 1, 1, 0});
        outcomes.outputs = {0.5F, 0.5F, 0.75F, 0.25F, 0, 1, 0.125F, 0.875F};
        QVERIFY(!metric("bits").value(outcomes));
        outcomes.steps = 2;
        QVERIFY(near("bits", outcomes, (1.0 + 2.0 + 0.0 + 3.0) / 4));
    }

    void valuesFollowScikitLearn() {
        const auto one = regression(1, {3, -0.5F, 2, 7}, {2.5F, 0, 2, 8});
        QVERIFY(near("r2", one, 0.948608137));
        QVERIFY(near("mae", one, 0.5));
        QVERIFY(near("rmse", one, std::sqrt(0.375)));
        // multioutput="variance_weighted"
        const auto two = regression(2, {0.5F, 1, -1, 1, 7, -6}, {0, 2, -1, 2, 8, -5});
        QVERIFY(near("r2", two, 0.938256658));
        QVERIFY(near("mae", two, 0.75));
        QVERIFY(!metric("r2").value(regression(1, {2, 2}, {1, 3})));
    }

    void eachKindOfDataHasItsMetrics() {
        const auto keys = [](const Outcomes& outcomes) {
            std::string all;
            for (const auto& [metric, value] : measure(outcomes))
                all += metric->key + " ";
            return all;
        };
        QCOMPARE(keys(regression(1, {1, 2}, {1, 2})), std::string("r2 mae rmse "));
        QCOMPARE(keys(classified(3, {0, 1, 2}, {0, 1, 2})),
                 std::string("accuracy precision recall f1 auc "));
        QVERIFY(measure({}).empty());
        QCOMPARE(qualityMetric(MetricKind::Classes).key, std::string("accuracy"));
        QCOMPARE(qualityMetric(MetricKind::Values).key, std::string("r2"));
    }

    void unknownKeysNameTheKnown() {
        try {
            metric("beauty");
            QFAIL("no error");
        } catch (const Error& error) {
            const std::string message = error.what();
            QVERIFY2(message.starts_with("there is no metric \"beauty\"; known are accuracy, "),
                     message.c_str());
            for (const auto& def : metricCatalog())
                QVERIFY2(message.find(def.key) != std::string::npos, def.key.c_str());
        }
    }

    void lossesOfSamplesAreThoseOfTheirOwnClass() {
        Outcomes outcomes;
        outcomes.elements = 3;
        outcomes.labels = {0, 2, 1};
        outcomes.outputs = {0.5F, 0.25F, 0.25F, 0.125F, 0.75F, 0.125F, 1, 0, 0};
        const auto losses = sampleLosses(outcomes);
        QCOMPARE(losses.size(), std::size_t{3});
        QVERIFY(std::abs(losses[0] - 0.6931471805599453) < 1e-12); // ln 2
        QVERIFY(std::abs(losses[1] - 2.0794415416798357) < 1e-12); // ln 8
        QVERIFY(std::abs(losses[2] - 27.631021115928547) < 1e-9);  // ln 1e12
        // The mean over the steps of a text.
        outcomes = {.elements = 2,
                    .outputs = {0.5F, 0.5F, 0.25F, 0.75F},
                    .labels = {0, 0},
                    .targets = {},
                    .steps = 2};
        QVERIFY(std::abs(sampleLosses(outcomes).at(0) - 1.0397207708399179) < 1e-12);
        const auto squares = sampleLosses(regression(2, {1, 2, 3, 4}, {1, 4, 0, 8}));
        QCOMPARE(squares, (std::vector<double>{2, 12.5}));
    }

    void everyMetricWasCompared() {
        for (const auto& def : metricCatalog()) {
            QVERIFY2(covered().contains(def.key), def.key.c_str());
            QVERIFY(!def.title.empty() && !def.doc.empty());
            QVERIFY2(&metric(def.key) == &def, "a key is there twice");
            QVERIFY(def.format != MetricFormat::Share || def.higherIsBetter);
        }
        qInfo("%zu metrics compared", metricCatalog().size());
    }
};

QTEST_APPLESS_MAIN(MetricsTest)
#include "tst_metrics.moc"
