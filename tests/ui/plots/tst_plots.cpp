// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "tests/support/data_files.h"
#include "ui/plots/curve_plot.h"
#include "ui/plots/gradient_heatmap.h"
#include "ui/plots/scale.h"
#include "ui/theme/paced_refresh.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QFile>
#include <QTest>
#include <QWheelEvent>

#include <cmath>

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

void wheel(QWidget* widget) {
    const QPointF at(widget->rect().center());
    QWheelEvent event(at, widget->mapToGlobal(at), {}, {0, 120}, Qt::NoButton, Qt::NoModifier,
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(widget, &event);
}

QByteArray contents(const QString& file) {
    QFile in(file);
    return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
}

} // namespace

class PlotsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
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
        plot.setOverlays({{CurveRole::Run3, QStringLiteral("old, \"best\""), {1}, {0.5}}});
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
        QVERIFY(contents(file("a.svg")).contains(">1.5<"));
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
        heatmap.add(1, {1, 2}); // not this network's
        QCOMPARE(heatmap.columns(), std::size_t{1});
    }

private:
    ThemeManager theme_{*qApp, ThemeChoice::Dark};
};

QTEST_MAIN(PlotsTest)
#include "tst_plots.moc"
