// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/support/json.h"
#include "tests/support/small_mnist_home.h"
#include "tests/ui/lab/lab_bench.h"
#include "ui/lab/landscape_chart.h"

#include <QApplication>
#include <QImage>
#include <QLabel>
#include <QTableWidget>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// How many points of all paths a chart has had whenever it was painted.
class PointsPainted : public QObject {
public:
    explicit PointsPainted(LabChart& chart)
        : chart_(&chart) {
        chart.installEventFilter(this);
    }
    [[nodiscard]] const std::vector<std::size_t>& counts() const { return counts_; }
    /// Different numbers, in the order in which they came.
    [[nodiscard]] std::vector<std::size_t> steps() const {
        auto steps = counts_;
        steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
        return steps;
    }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override {
        if (event->type() == QEvent::Paint && !chart_->data().contains("loss")) {
            std::size_t count = 0;
            for (const auto& path : chart_->data().value("paths", Json::array()))
                count += path.at("points").size();
            counts_.push_back(count);
        }
        return QObject::eventFilter(watched, event);
    }

private:
    LabChart* chart_;
    std::vector<std::size_t> counts_;
};

Json pathsAlone() {
    return {{"provisional", true},
            {"x_name", "component 1 so far"},
            {"y_name", "component 2 so far"},
            {"paths",
             {{{"name", "adam"},
               {"points", {{-4.0, 0.0, 0.5, 2.0}, {-2.0, 1.0, 0.5, 1.5}, {0.0, 0.0, 0.0, 1.0}}}},
              {{"name", "sgd"}, {"points", {{-4.0, 0.0, 0.5, 2.0}, {-4.0, -2.0, 0.5, 1.9}}}}}}};
}

} // namespace

/// Paths on a cost surface are drawn while they are trained.
class LabPathsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theyGrowWhileTheyTrain() {
        auto project = trainable();
        set(project, "epochs", std::int64_t{60});
        LabBench bench(theme_, project);
        bench.click("plan-landscape");
        bench.enter("optimizers", "adam, sgd:learning_rate=0.05");
        bench.enter("resolution", "5");
        bench.enter("samples", "40");
        bench.click("startExperiment");
        QTRY_VERIFY_WITH_TIMEOUT(bench.page->view().chart(), kPatience);
        auto* const chart = bench.page->view().chart();
        const PointsPainted painted(*chart);

        // The first path lies in a plane of its own until its end is there, which is said.
        QTRY_VERIFY_WITH_TIMEOUT(chart->spokenText().contains("path of adam"), kPatience);
        QVERIFY(bench.find<QLabel>("answer")->text().contains("epochs are trained"));
        QTRY_VERIFY_WITH_TIMEOUT(chart->spokenText().contains("path of sgd"), kPatience);
        QVERIFY(!chart->spokenText().contains("points so far"));
        QVERIFY(bench.page->experiments().isActive());
        const auto steps = painted.steps();
        QVERIFY2(steps.size() > 2, qPrintable(QString::number(steps.size())));
        for (std::size_t i = 1; i < steps.size(); ++i)
            QVERIFY(steps[i] > steps[i - 1]);

        // Cancelled in the second path: what has been drawn stays, also when it is opened anew.
        bench.click("cancelExperiment");
        bench.waitUntilDone();
        QTRY_VERIFY(bench.find<QLabel>("experimentState")->text().contains("stopped"));
        const auto kept = chart->data();
        QCOMPARE(kept.at("paths")[0].at("points").size(), std::size_t{61});
        QVERIFY(kept.at("paths")[1].at("points").size() > 1);
        QVERIFY(kept.at("paths")[1].at("points").size() < 61);
        QCOMPARE(bench.find<QTableWidget>("reportTable0")->rowCount(), 2);

        // It goes on from there, and the points stay where they were drawn.
        bench.click("resumeExperiment");
        bench.waitUntilDone();
        QTRY_VERIFY(bench.find<QLabel>("experimentState")->text().contains("finished"));
        const auto& data = chart->data();
        for (std::size_t path = 0; path < 2; ++path)
            for (std::size_t i = 0; i < kept.at("paths")[path].at("points").size(); ++i)
                QVERIFY(data.at("paths")[path].at("points")[i] ==
                        kept.at("paths")[path].at("points")[i]);
        QVERIFY(chart->spokenText().startsWith("loss from"));
        const auto folder = bench.page->experiments().folder();
        QVERIFY(parseJson(readTextFile(folder / "report.json"), "report.json").at("data") == data);
        QVERIFY(std::filesystem::file_size(folder / "picture.png") > 1000);
    }

    /// Without a surface they are a map alone, each in its colour, in both themes.
    void withoutASurfaceTheyAreAMap() {
        for (const auto choice : {ThemeChoice::Light, ThemeChoice::Dark}) {
            theme_.setChoice(choice);
            LandscapeChart chart(theme_);
            chart.resize(760, 380);
            chart.setData(Json::object());
            QVERIFY(chart.spokenText().contains("not measured yet"));
            chart.setData(pathsAlone());
            chart.show();
            QVERIFY(QTest::qWaitForWindowActive(&chart));
            QVERIFY(chart.reliefArea().isEmpty());
            const auto image = chart.grab().toImage();
            int first = 0;
            int second = 0;
            for (int y = 0; y < image.height(); ++y)
                for (int x = 0; x < image.width(); ++x) {
                    first += image.pixelColor(x, y) == QColor(Qt::white) ? 1 : 0;
                    second += image.pixelColor(x, y) == theme_.theme().validation ? 1 : 0;
                }
            QVERIFY2(second > 60, qPrintable(QString::number(second)));
            QVERIFY(first > 60);
            const auto spoken = chart.spokenText();
            QVERIFY2(spoken.contains("not measured yet") && spoken.contains("points so far") &&
                         spoken.contains("path of adam: 3 points, to loss 1") &&
                         spoken.contains("path of sgd: 2 points"),
                     qPrintable(spoken));
            // Nothing is there to be turned.
            chart.setFocus();
            QTest::keyClick(&chart, Qt::Key_Left);
            QCOMPARE(chart.view(), ReliefView());

            const TemporaryFolder folder;
            const auto file = folder / "paths.csv";
            chart.exportTo(QString::fromStdString(file.string()), {400, 300});
            QVERIFY(readTextFile(file).starts_with("path,x,y,loss\nadam,-4,0,2\nadam,-2,1,1.5\n"));
            // The surface's own plane is another one, and the relief comes with the first row.
            auto measured = pathsAlone();
            measured.erase("provisional");
            measured["x"] = {-5, 0, 5};
            measured["y"] = {-5, 0, 5};
            measured["loss"] = {{1.0, 2.0, 3.0}, {2.0, 2.0, 2.0}, {nullptr, nullptr, nullptr}};
            chart.setData(measured);
            QVERIFY(!chart.reliefArea().isEmpty());
            QVERIFY(!chart.spokenText().contains("points so far"));
        }
    }

    /// Paths that end in one place are told apart.
    void labelsDoNotHideEachOther() {
        const QRectF area(58, 10, 400, 300);
        const std::vector<QSizeF> sizes{{80, 20}, {200, 20}, {120, 20}, {60, 20}, {390, 20}};
        for (const QPointF at : {QPointF(200, 150), QPointF(450, 12), QPointF(60, 308),
                                 QPointF(457, 309), QPointF(58, 10)}) {
            const auto labels = labelsBeside(std::vector<QPointF>(5, at), sizes, area);
            QCOMPARE(labels.size(), std::size_t{5});
            for (std::size_t i = 0; i < labels.size(); ++i) {
                QCOMPARE(labels[i].size(), sizes[i]);
                QVERIFY(area.contains(labels[i]));
                for (std::size_t j = 0; j < i; ++j)
                    QVERIFY(!labels[i].intersects(labels[j]));
            }
        }
        // One that is alone stands right beside its point.
        const auto alone = labelsBeside({{100, 100}}, {{80, 20}}, area);
        QCOMPARE(alone.front(), QRectF(110, 90, 80, 20));
        QCOMPARE(placeText(-131.7), QString(QChar(0x2212)) + "132");
        QCOMPARE(placeText(0.254), QStringLiteral("0.25"));
    }

private:
    SmallMnistHome home_{500, 100};
    ThemeManager theme_{*qApp};
};

QTEST_MAIN(LabPathsTest)
#include "tst_lab_paths.moc"
