// SPDX-License-Identifier: GPL-3.0-or-later
// Expected values: scipy.stats and statsmodels (mcnemar).
#include "engine/ensembles/significance.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

class SignificanceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void mcNemarIsThatOfStatsmodels_data() {
        QTest::addColumn<int>("first");
        QTest::addColumn<int>("second");
        QTest::addColumn<double>("p");
        QTest::addColumn<bool>("exact");
        QTest::newRow("few") << 3 << 10 << 0.09228515625 << true;
        QTest::newRow("one side") << 0 << 5 << 0.0625 << true;
        QTest::newRow("equal") << 8 << 8 << 1.0 << true;
        QTest::newRow("many") << 10 << 30 << 0.002663119259138558 << false;
        QTest::newRow("close") << 60 << 40 << 0.05743311963200335 << false;
        QTest::newRow("nearly equal") << 12 << 13 << 1.0 << false;
        QTest::newRow("none") << 0 << 0 << 1.0 << true;
    }
    void mcNemarIsThatOfStatsmodels() {
        QFETCH(const int, first);
        QFETCH(const int, second);
        QFETCH(const double, p);
        QFETCH(const bool, exact);
        const auto made = mcNemar(first, second);
        QVERIFY2(std::abs(made.p - p) < 1e-12, qPrintable(QString::number(made.p, 'g', 17)));
        QCOMPARE(made.isExact, exact);
        QCOMPARE(mcNemar(second, first).p, made.p);
    }

    void mcNemarCountsWhatOneAloneGetsRight() {
        Outcomes a;
        a.elements = 2;
        a.labels = {0, 0, 0, 1};
        a.outputs = {1, 0, 1, 0, 0, 1, 1, 0}; // right, right, wrong, wrong
        auto b = a;
        b.outputs = {1, 0, 0, 1, 1, 0, 0, 1}; // right, wrong, right, right
        const auto made = mcNemar(a, b);
        QCOMPARE(made.firstOnly, std::int64_t{1});
        QCOMPARE(made.secondOnly, std::int64_t{2});
        b.labels.back() = 0;
        QVERIFY(messageOf([&] { mcNemar(a, b); }).contains("same samples"));
    }

    void studentIsThatOfScipy() {
        const double quantiles[][3] = {{0.975, 1, 12.706204736174694},
                                       {0.975, 2, 4.302652729749462},
                                       {0.975, 4, 2.7764451051977934},
                                       {0.975, 9, 2.262157162798205},
                                       {0.9, 5, 1.4758840488244815},
                                       {0.01, 7, -2.9979515668685286},
                                       {0.5, 3, 0}};
        for (const auto& [p, degrees, expected] : quantiles)
            QVERIFY(std::abs(studentQuantile(p, std::llround(degrees)) - expected) <
                    1e-10 * std::max(1.0, std::abs(expected)));
        const double values[][3] = {{1.5, 1, 0.8128329581890011},
                                    {2.0, 2, 0.908248290463863},
                                    {-1.2, 5, 0.14194552835305124},
                                    {0.7, 8, 0.7481144739907276},
                                    {3.3, 29, 0.9987165428853957}};
        for (const auto& [t, degrees, expected] : values)
            QVERIFY(std::abs(studentCdf(t, std::llround(degrees)) - expected) < 1e-12);
    }

    void intervalsAreThoseOfScipy() {
        const auto made = meanInterval(std::vector{0.91, 0.93, 0.89, 0.95, 0.92});
        QVERIFY(std::abs(made.mean - 0.92) < 1e-12);
        QVERIFY(std::abs(made.deviation - 0.02236067977499788) < 1e-12);
        QVERIFY(std::abs(made.mean - made.half - 0.892235548948022) < 1e-12);
        QVERIFY(std::abs(made.mean + made.half - 0.9477644510519778) < 1e-12);
        QVERIFY(messageOf([] { meanInterval(std::vector{1.0}); }).contains("two values"));
    }

    /// scipy.stats.bootstrap, percentile, 200,000 draws: 0.0958 to 0.2375.
    void bootstrapIntervalsAreThoseOfScipy() {
        std::vector<double> a;
        std::vector<double> b;
        for (int i = 0; i < 20; ++i) {
            a.insert(a.end(), {0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1});
            b.insert(b.end(), {1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1});
        }
        const auto made = pairedBootstrap(a, b, 20000, 1);
        QVERIFY(std::abs(made.difference - 1.0 / 6) < 1e-12);
        QVERIFY2(std::abs(made.low - 0.0958) < 0.004, qPrintable(QString::number(made.low)));
        QVERIFY2(std::abs(made.high - 0.2375) < 0.004, qPrintable(QString::number(made.high)));
        QVERIFY(made.p < 0.001);
        QCOMPARE(pairedBootstrap(a, b, 1000, 1).low, pairedBootstrap(a, b, 1000, 1).low);
        QVERIFY(pairedBootstrap(a, b, 1000, 1).low != pairedBootstrap(a, b, 1000, 2).low ||
                pairedBootstrap(a, b, 1000, 1).high != pairedBootstrap(a, b, 1000, 2).high);
        QCOMPARE(pairedBootstrap(a, a, 1000, 1).p, 1.0);
        b.pop_back();
        QVERIFY(messageOf([&] { pairedBootstrap(a, b, 1000, 1); }).contains("240 and 239"));
    }

    void valuesAreJudgedBySquares() {
        Outcomes values;
        values.elements = 2;
        values.labels = {0, 0};
        values.outputs = {1, 2, 3, 4};
        values.targets = {1, 0, 0, 4};
        QCOMPARE(samplewise(values), (std::vector<double>{2, 4.5}));
    }
};

QTEST_GUILESS_MAIN(SignificanceTest)
#include "tst_significance.moc"
