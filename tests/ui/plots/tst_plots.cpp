// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "tests/support/data_files.h"
#include "ui/plots/curve_legend.h"
#include "ui/plots/curve_plot.h"
#include "ui/plots/gradient_heatmap.h"
#include "ui/plots/scale.h"
#include "ui/theme/paced_refresh.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QFile>
#include <QRegularExpression>
#include <QTest>
#include <QWheelEvent>

#include <cmath>
#include <tuple>

using namespace gradwright;
using test::contains;
using test::errorOf;

namespace {

QWidget* canvasOf(CurvePlot& plot) {
    for (auto* child : plot.findChildren<QWidget*>())
        if (child->inherits("QCustomPlot"))
            return child;
    return nullptr;
}

void wheel(QWidget* widget, int angle = 120) {
    const QPointF at(widget->rect().center());
    QWheelEvent event(at, widget->mapToGlobal(at), {}, {0, angle}, Qt::NoButton, Qt::NoModifier,
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(widget, &event);
}

QByteArray contents(const QString& file) {
    QFile in(file);
    return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
}

/// How many powers of ten label the axis of values.
qsizetype valueTicks(const QByteArray& svg) {
    static const QRegularExpression power(
        QStringLiteral(">(1|3|10|30|100|1000|1e-?\\d+|3e-?\\d+)<"));
    qsizetype count = 0;
    for (auto found = power.globalMatch(QString::fromUtf8(svg)); found.hasNext(); found.next())
        ++count;
    return count;
}

} // namespace

class PlotsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aSmallLossIsNotZero() {
        QCOMPARE(Measure().text(0.0314), QStringLiteral("0.031"));
        QCOMPARE(Measure().text(0.000418), QStringLiteral("0.00042"));
        QCOMPARE(Measure().text(0.00999), QStringLiteral("0.01"));
        QCOMPARE(Measure().text(-0.000418), QStringLiteral("-0.00042"));
        QCOMPARE(Measure().text(0), QStringLiteral("0.000"));
    }

    void whatNobodySeesIsNotRefreshed() {
        QWidget window;
        auto* const shown = new QWidget(&window);
        int refreshes = 0;
        PacedRefresh refresh(*shown, 5, [&] { ++refreshes; });
        refresh.later(); // before the window is there
        QTest::qWait(30);
        QCOMPARE(refreshes, 0);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        QTRY_COMPARE(refreshes, 1);

        for (int i = 0; i < 10; ++i)
            refresh.later(); // at once
        QTRY_COMPARE(refreshes, 2);

        window.showMinimized();
        QTRY_VERIFY(window.isMinimized());
        refresh.later();
        QTest::qWait(30);
        QCOMPARE(refreshes, 2);
        QVERIFY(refresh.isDue());
        window.showNormal();
        QTRY_COMPARE(refreshes, 3);
        QVERIFY(!refresh.isDue());

        shown->hide(); // as a page behind another one
        refresh.later();
        QTest::qWait(30);
        QCOMPARE(refreshes, 3);
        shown->show();
        QTRY_COMPARE(refreshes, 4);
    }

    void aPlotOfAMinimizedWindowRests() {
        CurvePlot plot(Measure(), theme_);
        plot.resize(400, 300);
        plot.show();
        QVERIFY(QTest::qWaitForWindowExposed(&plot));
        plot.addTraining(0.1, 2);
        QTRY_COMPARE(plot.legend().entries().size(), std::size_t{1});
        plot.showMinimized();
        QTRY_VERIFY(plot.isMinimized());
        plot.addTraining(0.2, 1);
        plot.addValidation(0.2, 1);
        QTest::qWait(300); // three of its intervals
        QCOMPARE(plot.legend().entries().size(), std::size_t{1});
        plot.showNormal();
        QTRY_COMPARE(plot.legend().entries().size(), std::size_t{2});
    }

    void smoothingIsADebiasedMean() {
        Curve curve;
        curve.setSmoothing(0.5);
        for (const auto& [x, y] : {std::pair{1.0, 4.0}, {2.0, 8.0}, {3.0, 0.0}})
            curve.add(x, y);
        QCOMPARE(curve.raw(), (std::vector<double>{4, 8, 0}));
        // (4 + 2·8) / 3 and (4 + 2·8 + 4·0) / 7: each value counts half as much as the next.
        QVERIFY(std::abs(curve.smooth()[0] - 4) < 1e-12);
        QVERIFY(std::abs(curve.smooth()[1] - 20.0 / 3) < 1e-12);
        QVERIFY(std::abs(curve.smooth()[2] - 20.0 / 7) < 1e-12);
        curve.setSmoothing(0);
        QCOMPARE(curve.smooth(), curve.raw());
    }

    void aPreviewLeavesNoTrace() {
        Curve curve;
        Curve same;
        for (int i = 1; i <= 9; ++i) {
            curve.preview(i - 0.5, 100.0 * i);
            QCOMPARE(curve.size(), static_cast<std::size_t>(i));
            QCOMPARE(curve.raw().back(), 100.0 * i);
            curve.preview(i - 0.25, -7);
            if (i == 5)
                curve.setSmoothing(0.5);
            curve.add(i, i);
            same.add(i, i);
        }
        curve.preview(10, 3);
        curve.endPreview();
        same.setSmoothing(0.5);
        QCOMPARE(curve.x(), same.x());
        QCOMPARE(curve.raw(), same.raw());
        QCOMPARE(curve.smooth(), same.smooth());
    }

    void clocksTranslateEpochs() {
        RunClock clock;
        QVERIFY(!clock.hasTimes());
        QVERIFY(std::isnan(clock.at(1, XUnit::Time)));
        clock.add(0.5, 50, 10);
        clock.add(1, 100, 15);
        QCOMPARE(clock.at(0.75, XUnit::Epoch), 0.75);
        QCOMPARE(clock.at(0.75, XUnit::Step), 75.0);
        QCOMPARE(clock.at(0.25, XUnit::Time), 5.0);
        QCOMPARE(clock.at(0.75, XUnit::Time), 12.5);
        QCOMPARE(clock.at(3, XUnit::Time), 45.0); // at the pace so far
        for (int i = 1; i <= 20'000; ++i)
            clock.add(1 + i / 100.0, 100 + i, 15 + 2.0 * i);
        QVERIFY(std::abs(clock.at(101, XUnit::Time) - 20'015) < 20);
        QCOMPARE(tickText(XUnit::Time, 125), QStringLiteral("2:05"));
        QCOMPARE(tickText(XUnit::Time, 3725), QStringLiteral("1:02:05"));
        QCOMPARE(tickText(XUnit::Step, 1683), QStringLiteral("1,683"));
        QCOMPARE(tickStep(XUnit::Time, 100, 12), 10.0);
        QCOMPARE(tickStep(XUnit::Step, 3, 12), 1.0);
    }

    void otherRunsHaveLooksOfTheirOwn() {
        const auto& theme = theme_.theme();
        const auto lookOf = [&](int number) {
            const auto role = overlayRole(number);
            return std::tuple(colorOf(role, theme).rgb(), dashOf(role),
                              markerOf(role).elementCount(), markerOf(role).elementAt(0).y);
        };
        for (int i = 0; i < 20; ++i)
            for (int j = 0; j < i; ++j)
                QVERIFY2(lookOf(i) != lookOf(j), qPrintable(QStringLiteral("%1 %2").arg(i).arg(j)));
    }

    /// After a divergence the axis has 23 decades.
    void labelsOfManyDecadesDoNotOverlap() {
        CurvePlot plot(Measure(), theme_);
        plot.setLogScale(true);
        plot.resize(600, 300);
        plot.show();
        plot.reset(2);
        plot.setSmoothing(0);
        plot.addTraining(0.5, 2);
        plot.addTraining(1, 3e22);
        QTRY_VERIFY(plot.valueRange().second >= 3e22);
        const test::TemporaryFolder folder;
        const auto file = QString::fromStdString((folder / "a.svg").string());
        plot.exportTo(file);
        QVERIFY(valueTicks(contents(file)) <= 9);
        QVERIFY(valueTicks(contents(file)) >= 3);
    }

    void theCrosshairReadsWhatIsThere() {
        CurvePlot plot(Measure(), theme_);
        plot.resize(600, 300);
        plot.show();
        QVERIFY(QTest::qWaitForWindowExposed(&plot));
        plot.reset(4);
        plot.setSmoothing(0);
        for (int i = 1; i <= 8; ++i)
            plot.addTraining(i / 4.0, 1.0 / i);
        plot.addValidation(1, 0.066);
        plot.addValidation(2, 0.055);
        QTRY_COMPARE(plot.legend().entries().size(), std::size_t{2});
        auto* const canvas = canvasOf(plot);
        const auto at = [&](double epoch) {
            const double width = canvas->width() - kPlotLeft - kPlotRight;
            QTest::mouseMove(canvas,
                             QPoint(static_cast<int>(kPlotLeft + width * epoch / (4 * kAxisSlack)),
                                    canvas->height() / 2));
            QTest::qWait(20);
            return plot.readout();
        };
        QVERIFY2(at(0.5).contains(QStringLiteral("training")), qPrintable(plot.readout()));
        QVERIFY2(!at(0.5).contains(QStringLiteral("validation")), qPrintable(plot.readout()));
        QVERIFY2(at(1.1).contains(QStringLiteral("0.066")), qPrintable(plot.readout()));
        QVERIFY2(at(3.5).isEmpty(), qPrintable(plot.readout()));
    }

    /// A marker is thicker than its line: the columns of pixels that hold one are counted.
    void markersOfManyEpochsDoNotBecomeABand() {
        const auto thickShare = [this](int epochs) {
            CurvePlot plot(metric("accuracy"), theme_);
            plot.resize(600, 300);
            plot.show();
            plot.reset(epochs);
            for (int i = 1; i <= epochs; ++i)
                plot.addValidation(i, 0.97);
            [&] { QTRY_COMPARE(plot.legend().entries().size(), std::size_t{1}); }();
            QTest::qWait(50);
            auto* const canvas = canvasOf(plot);
            const QImage image = canvas->grab().toImage();
            const QColor color = colorOf(CurveRole::Validation, theme_.theme());
            int thick = 0;
            for (int x = kPlotLeft; x < image.width() - kPlotRight; ++x) {
                int high = 0;
                for (int y = 0; y < image.height(); ++y)
                    high += image.pixelColor(x, y) == color ? 1 : 0;
                thick += high >= 4 ? 1 : 0;
            }
            return static_cast<double>(thick) / (image.width() - kPlotLeft - kPlotRight);
        };
        const double many = thickShare(200);
        QVERIFY2(many > 0.1 && many < 0.6, qPrintable(QString::number(many)));
        // Of few epochs each has its own: five, about six pixels wide.
        const double few = thickShare(5);
        QVERIFY2(few > 0.02 && few < 0.08, qPrintable(QString::number(few)));
    }

    void nothingCanBeSeenBeyondWhatThereIs() {
        CurvePlot plot(metric("accuracy"), theme_);
        plot.resize(600, 300);
        plot.show();
        QVERIFY(QTest::qWaitForWindowExposed(&plot));
        plot.reset(10);
        QTRY_COMPARE(plot.xRange(), (std::pair{0.0, 10 * kAxisSlack}));
        auto* const canvas = canvasOf(plot);
        const auto outwards = [&] {
            for (int i = 0; i < 20; ++i)
                wheel(canvas, -120);
        };
        outwards();
        QVERIFY(!plot.viewIsChosen());
        QCOMPARE(plot.valueRange(), (std::pair{0.0, 1.0}));
        plot.addTraining(0.5, 0.5);
        QTRY_COMPARE(plot.legend().entries().size(), std::size_t{1});
        outwards();
        QVERIFY(plot.valueRange().first >= 0 && plot.valueRange().second <= 1);
        QVERIFY(plot.xRange().first >= 0 && plot.xRange().second <= 10 * kAxisSlack);
        wheel(canvas, 120);
        QVERIFY(plot.xRange().second - plot.xRange().first < 10);
    }

    void aLongTrainingStaysBoundedAndTrue() {
        Curve curve;
        const int count = 50'000;
        for (int i = 1; i <= count; ++i)
            curve.add(i, 2.0 * i);
        QVERIFY(curve.size() <= Curve::kMostPoints);
        QVERIFY(curve.size() > Curve::kMostPoints / 4);
        QVERIFY(curve.x().back() > count - 16);
        for (std::size_t i = 1; i < curve.size(); ++i) {
            const double width = curve.x()[i] - curve.x()[i - 1];
            // The mean of 2x over the stretch that ends at x.
            QVERIFY(std::abs(curve.raw()[i] - (2 * curve.x()[i] - (width - 1))) < 1e-6);
        }
    }

    void stepsOfAxesAre125() {
        QCOMPARE(roundUp125(0.031), 0.05);
        QCOMPARE(roundUp125(2.0), 2.0);
        QCOMPARE(roundUp125(51), 100.0);
        QCOMPARE(roundDown125(0.031), 0.02);
        QCOMPARE(roundDown125(0.05), 0.05);
        QCOMPARE(shortReal(0.00025), QStringLiteral("2.5e-4"));
        QCOMPARE(shortReal(0.03), QStringLiteral("0.03"));
    }

    void tableHoldsWhatWasGiven() {
        CurvePlot plot(Measure(), theme_);
        plot.reset(3);
        plot.setSmoothing(0);
        plot.addTraining(0.5, 2.25);
        plot.addTraining(1, 1.5);
        plot.addValidation(1, 1.75);
        plot.setOverlays({{CurveRole::Run3, QStringLiteral("old, \"best\""), {1}, {0.5}, {}, {}}});
        QCOMPARE(plot.csv(), QStringLiteral("series,epoch,value,smoothed\n"
                                            "training,0.5,2.25,2.25\n"
                                            "training,1,1.5,1.5\n"
                                            "validation,1,1.75,\n"
                                            "\"old, \"\"best\"\"\",1,0.5,\n"));
    }

    void legendCarriesCurrentValues() {
        CurvePlot plot(metric("accuracy"), theme_);
        plot.resize(600, 300);
        plot.show();
        plot.reset(2);
        plot.setSmoothing(0);
        plot.addTraining(0.5, 0.25);
        plot.addValidation(1, 0.9871);
        QTRY_COMPARE(plot.legend().entries().size(), std::size_t{2});
        QCOMPARE(plot.legend().entries()[0].value, QStringLiteral("25.00 %"));
        QCOMPARE(plot.legend().entries()[1].value, QStringLiteral("98.71 %"));
        plot.reset(2);
        QTRY_VERIFY(plot.legend().entries().empty());
        plot.setMeasure(metric("r2"));
        plot.addTraining(0.5, -0.25);
        QTRY_COMPARE(plot.legend().entries().size(), std::size_t{1});
        QCOMPARE(plot.legend().entries()[0].value, QStringLiteral("-0.250"));
    }

    void aBadBeginningDoesNotHideWhatIsLearned() {
        CurvePlot plot(metric("r2"), theme_);
        plot.resize(600, 300);
        plot.show();
        plot.reset(10);
        plot.setSmoothing(0);
        plot.addTraining(0.6, -3.5);
        plot.addValidation(1, -3);
        QTRY_VERIFY(plot.valueRange().first <= -3.5); // all that there is
        for (int epoch = 2; epoch <= 4; ++epoch) {
            plot.addTraining(epoch, 0.97);
            plot.addValidation(epoch, 0.98);
        }
        QTRY_COMPARE(plot.valueRange(), (std::pair{-1.0, 1.0}));
    }

    void liveDataLeavesAChosenViewAlone() {
        CurvePlot plot(Measure(), theme_);
        plot.resize(600, 300);
        plot.show();
        QVERIFY(QTest::qWaitForWindowExposed(&plot));
        plot.reset(10);
        plot.addTraining(0.5, 1);
        QTRY_COMPARE(plot.xRange(), (std::pair{0.0, 10 * kAxisSlack}));
        auto* canvas = canvasOf(plot);
        wheel(canvas);
        QVERIFY(plot.viewIsChosen());
        const auto chosen = plot.xRange();
        const auto values = plot.valueRange();
        QVERIFY(chosen.second - chosen.first < 10);
        const auto before = plot.legend().entries()[0].value;
        plot.addTraining(9.5, 1000);
        QTRY_VERIFY(plot.legend().entries()[0].value != before);
        QCOMPARE(plot.xRange(), chosen);
        QCOMPARE(plot.valueRange(), values);
        QTest::mouseDClick(canvas, Qt::LeftButton, {}, canvas->rect().center());
        QTRY_COMPARE(plot.xRange(), (std::pair{0.0, 10 * kAxisSlack}));
        QTRY_VERIFY(plot.valueRange().second > values.second);
    }

    void exportsByEnding() {
        const test::TemporaryFolder folder;
        CurvePlot plot(Measure(), theme_);
        plot.resize(500, 300);
        plot.show();
        plot.reset(2);
        plot.addTraining(0.5, 1);
        plot.addTraining(1.5, 0.5);
        const auto file = [&](const char* name) {
            return QString::fromStdString((folder / name).string());
        };
        plot.exportTo(file("a.png"));
        QCOMPARE(QImage(file("a.png")).width(), 2 * canvasOf(plot)->width());
        plot.exportTo(file("a.svg"));
        QVERIFY(contents(file("a.svg")).contains("<svg"));
        // In the window the heat map beneath has the axis; a picture has its own.
        QVERIFY(contents(file("a.svg")).contains(">Epoch<"));
        QVERIFY(contents(file("a.svg")).contains(">1.6<"));
        plot.exportTo(file("a.pdf"));
        QVERIFY(contents(file("a.pdf")).startsWith("%PDF"));
        plot.exportTo(file("a.csv"));
        QCOMPARE(QString::fromUtf8(contents(file("a.csv"))), plot.csv());
        QVERIFY(contains(errorOf([&] { plot.exportTo(file("a.gif")); }), "png, svg, pdf or csv"));
        QVERIFY(contains(errorOf([&] { plot.exportTo(QStringLiteral("/nowhere/a.csv")); }),
                         "/nowhere/a.csv"));
    }

    void heatmapsAreExported() {
        test::TemporaryFolder folder;
        GradientHeatmap heatmap(theme_);
        heatmap.resize(600, 200);
        heatmap.reset(2, {"conv1/weight", "fc/weight"});
        heatmap.add(0.5, {3, 4});
        heatmap.add(1, {1, 0.25});
        const auto file = [&](const char* name) {
            return QString::fromStdString((folder / name).string());
        };
        heatmap.exportTo(file("g.png"));
        QCOMPARE(QImage(file("g.png")).size(), QSize(1200, 400));
        heatmap.exportTo(file("g.csv"));
        QCOMPARE(QString::fromUtf8(contents(file("g.csv"))),
                 QStringLiteral("layer,epoch,norm\nconv1,0.5,3\nfc,0.5,4\nconv1,1,1\n"
                                "fc,1,0.25\n"));
        heatmap.exportTo(file("g.svg"));
        QVERIFY(contents(file("g.svg")).contains(">conv1<"));
        QVERIFY(
            contains(errorOf([&] { heatmap.exportTo(file("g.gif")); }), "png, svg, pdf or csv"));
    }

    void heatmapHasARowALayer() {
        GradientHeatmap heatmap(theme_);
        heatmap.reset(2, {"conv1/weight", "conv1/bias", "block/1/fc/weight"});
        QCOMPARE(heatmap.rows(),
                 (std::vector<QString>{QStringLiteral("conv1"), QStringLiteral("block/1/fc")}));
        heatmap.add(0.5, {3, 4, 7});
        QCOMPARE(heatmap.columns(), std::size_t{1});
        QCOMPARE(heatmap.value(0, 0), 5.0);
        QCOMPARE(heatmap.value(1, 0), 7.0);
        // As numbers are written in a sentence, not as 5.0e+00.
        QVERIFY2(heatmap.spokenText().contains(QStringLiteral("conv1 5, block/1/fc 7.")),
                 qPrintable(heatmap.spokenText()));
        heatmap.add(1, {1, 2}); // not this network's
        QCOMPARE(heatmap.columns(), std::size_t{1});
    }

private:
    ThemeManager theme_{*qApp, ThemeChoice::Dark};
};

QTEST_MAIN(PlotsTest)
#include "tst_plots.moc"
