// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/quantization/ranges.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace gradwright;

namespace {

constexpr int kCount = 20'000;

/// The quantiles of Laplace's distribution, or of the exponential one.
std::vector<float> quantiles(bool isSigned) {
    std::vector<float> values;
    for (int i = 0; i < kCount; ++i) {
        const double p = (i + 0.5) / kCount;
        const double positive = -std::log(1 - p);
        const double both = p < 0.5 ? std::log(2 * p) : -std::log(2 * (1 - p));
        values.push_back(static_cast<float>(isSigned ? both : positive));
    }
    return values;
}

ValueHistogram histogramOf(const std::vector<float>& values) {
    ValueHistogram histogram;
    const std::span all(values);
    // In two pieces, as batches come.
    histogram.widen(all.first(values.size() / 3));
    histogram.widen(all.subspan(values.size() / 3));
    histogram.count(all.first(values.size() / 2));
    histogram.count(all.subspan(values.size() / 2));
    return histogram;
}

bool isNear(double value, double expected, double share) {
    return std::abs(value - expected) <= share * std::abs(expected);
}

} // namespace

/// How ranges and scales follow from what was seen. The numbers in comments are NumPy's, from
/// another implementation of the definitions (20,000 quantiles in FP64).
class RangesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void histogramsHoldAllThatWasSeen() {
        const auto values = quantiles(true);
        const auto histogram = histogramOf(values);
        QCOMPARE(histogram.least(), double{values.front()});
        QCOMPARE(histogram.most(), double{values.back()});
        std::uint64_t sum = 0;
        for (const auto count : histogram.counts())
            sum += count;
        QCOMPARE(sum, std::uint64_t{kCount});
        // Half of them are below 0.
        std::uint64_t below = 0;
        for (std::size_t bin = 0; bin < ValueHistogram::kBins; ++bin)
            if (histogram.valueOf(bin) < 0)
                below += histogram.counts()[bin];
        QVERIFY(isNear(static_cast<double>(below), kCount / 2.0, 0.01));
    }

    void minMaxTakesAll() {
        const auto range =
            rangeFor(histogramOf(quantiles(true)), RangeMethod::MinMax, ByteKind::Unsigned);
        QVERIFY(isNear(range.least, -9.903487, 1e-6) && isNear(range.most, 9.903487, 1e-6));
    }

    /// 0.01 % of 20,000 are 2: those beyond the third largest, 8.294049, within a bin's width.
    void percentileCutsTheFarthestOff() {
        const auto histogram = histogramOf(quantiles(true));
        const auto range = rangeFor(histogram, RangeMethod::Percentile, ByteKind::Unsigned);
        QVERIFY(std::abs(range.most - 8.294049) <= histogram.binWidth());
        QVERIFY(std::abs(range.least + 8.294049) <= histogram.binWidth());
    }

    /// NumPy: 9.408313 and 10.384702 where the whole reaches to 9.903487 and 10.596635; the error
    /// is flat there.
    void leastSquaredErrorIsFound() {
        const auto both = rangeFor(histogramOf(quantiles(true)), RangeMethod::MeanSquaredError,
                                   ByteKind::Unsigned);
        QVERIFY2(isNear(both.most, 9.408313, 0.03), qPrintable(QString::number(both.most)));
        const auto positive = rangeFor(histogramOf(quantiles(false)), RangeMethod::MeanSquaredError,
                                       ByteKind::Unsigned);
        QVERIFY2(isNear(positive.most, 10.384702, 0.03),
                 qPrintable(QString::number(positive.most)));
        QCOMPARE(positive.least, 0.0);
    }

    /// NumPy: bin 1,827 of 2,048, and all of them for positive values.
    void leastDivergenceIsFound() {
        const auto both =
            rangeFor(histogramOf(quantiles(true)), RangeMethod::Entropy, ByteKind::Unsigned);
        QVERIFY2(isNear(both.most, 8.834801, 0.06), qPrintable(QString::number(both.most)));
        const auto positive =
            rangeFor(histogramOf(quantiles(false)), RangeMethod::Entropy, ByteKind::Unsigned);
        QVERIFY2(isNear(positive.most, 10.596635, 0.06),
                 qPrintable(QString::number(positive.most)));
    }

    /// Four of five values are zeros behind a ReLU, which any threshold keeps: the same threshold
    /// as without them.
    void zerosDoNotCountForEntropy() {
        auto values = quantiles(false);
        const auto without =
            rangeFor(histogramOf(values), RangeMethod::Entropy, ByteKind::Unsigned).most;
        values.insert(values.end(), 4 * values.size(), 0.0F);
        const auto with =
            rangeFor(histogramOf(values), RangeMethod::Entropy, ByteKind::Unsigned).most;
        QVERIFY2(isNear(with, without, 0.02), qPrintable(QString::number(with)));
    }

    /// One value of 100 among values below 10 makes all steps ten times as coarse for one method
    /// alone.
    void outliersCostTheOtherMethodsNothing() {
        auto values = quantiles(true);
        values.push_back(100);
        const auto histogram = histogramOf(values);
        const auto rangeBy = [&](RangeMethod method) {
            return rangeFor(histogram, method, ByteKind::Unsigned).most;
        };
        QCOMPARE(rangeBy(RangeMethod::MinMax), 100.0);
        QVERIFY(rangeBy(RangeMethod::Percentile) < 10);
        QVERIFY(rangeBy(RangeMethod::Entropy) < 30);
        QVERIFY(rangeBy(RangeMethod::MeanSquaredError) < 100);
    }

    void scalesCoverTheRange() {
        const auto positive = quantizationFor({0, 51}, ByteKind::Unsigned);
        QCOMPARE(positive, (Quantization{DType::U8, 0.2F, 0}));
        QCOMPARE(quantizationFor({0, 51}, ByteKind::Signed), positive);
        // -1 … 4 in 255 steps of 5/255; -1 is 51 steps below 0.
        const auto both = quantizationFor({-1, 4}, ByteKind::Unsigned);
        QCOMPARE(both.type, DType::U8);
        QCOMPARE(both.zero, 51);
        QVERIFY(isNear(both.scale, 5.0 / 255, 1e-6));
        const auto symmetric = quantizationFor({-1, 2.54}, ByteKind::Signed);
        QCOMPARE(symmetric, (Quantization{DType::I8, 0.02F, 0}));
        QCOMPARE(quantizationFor({0, 0}, ByteKind::Unsigned).scale, 1.0F);
        QCOMPARE(quantizationFor({-3, 0}, ByteKind::Unsigned).zero, 255);
    }

    void whatIsNotFiniteIsAnError() {
        ValueHistogram histogram;
        const std::vector<float> values{1, std::numeric_limits<float>::quiet_NaN()};
        QVERIFY_THROWS_EXCEPTION(Error, histogram.widen(values));
    }

    void methodsAreFoundByTheirKeys() {
        for (const auto& info : rangeMethods())
            QVERIFY(rangeMethodFromKey(info.key) == info.method);
        try {
            rangeMethodFromKey("max");
            QFAIL("no error");
        } catch (const Error& error) {
            QVERIFY(QString(error.what()).contains("min-max, percentile, entropy, mse"));
        }
    }
};

QTEST_APPLESS_MAIN(RangesTest)
#include "tst_ranges.moc"
