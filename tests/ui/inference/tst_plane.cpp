// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/plane_view.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QHelpEvent>
#include <QLabel>
#include <QTest>
#include <QToolTip>

#include <algorithm>
#include <memory>

using namespace gradwright;

namespace {

constexpr int kPatience = 60'000; // ms: the machine may be busy

int cell(double coordinate) {
    return static_cast<int>((coordinate / PlaneMap::kExtent + 1) / 2 * PlaneMap::kSide);
}

std::int32_t classAt(const PlaneMap& map, double x, double y) {
    return map.classes[static_cast<std::size_t>(cell(-y) * PlaneMap::kSide + cell(x))];
}

} // namespace

/// A network of two inputs shows where it draws its boundaries; one of drawings has its pad.
class PlaneTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theBoundaryOfExclusiveOrIsSeen() {
        ProjectDocument document(folder_ / "autosave");
        saveProject(folder_ / "xor.gradwright", openTemplate("exclusive-or"));
        document.open(folder_ / "xor.gradwright");
        TrainingSession session;
        InferencePage page(document, theme_, session);
        page.resize(1440, 820);
        page.show();
        QVERIFY(page.pad().isVisible());
        session.start(trainingJob(document.project(), document.runsFolder()));
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Finished, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(page.plane().isVisible(), kPatience);
        QVERIFY(!page.pad().isVisible());
        const auto isBest = [&] {
            const auto& map = page.plane().map();
            return map && map->model->weightsTitle.starts_with("best");
        };
        QTRY_VERIFY_WITH_TIMEOUT(isBest(), kPatience);
        const PlaneMap& map = *page.plane().map();
        QCOMPARE(map.classes.size(), static_cast<std::size_t>(PlaneMap::kSide * PlaneMap::kSide));
        for (const double sign : {-1.0, 1.0}) {
            QCOMPARE(classAt(map, 1.5 * sign, 1.5 * sign), 0);
            QCOMPARE(classAt(map, 1.5 * sign, -1.5 * sign), 1);
        }
        QCOMPARE(map.points.size(), static_cast<std::size_t>(PlaneMap::kMostPoints));
        // The legend names both, each in its colour.
        const auto* const legend = page.findChild<QLabel*>(QStringLiteral("planeLegend"));
        QVERIFY(legend->isVisible());
        const auto& names = map.model->data->info.classes;
        QCOMPARE(names.size(), 2U);
        for (std::int32_t i = 0; i < 2; ++i)
            QVERIFY2(legend->text().contains(
                         QStringLiteral("color:%1\">&#9679;</span>&nbsp;%2")
                             .arg(classColor(i, theme_.theme()).name(),
                                  QString::fromStdString(names[static_cast<std::size_t>(i)]))),
                     qPrintable(legend->text()));
        // What is painted has the colours of the classes.
        const QImage shown = page.plane().grab().toImage();
        QVERIFY(shown.pixelColor(shown.width() / 2 - 60, shown.height() / 2 - 60) !=
                shown.pixelColor(shown.width() / 2 + 60, shown.height() / 2 - 60));
    }

    void theHeightsOfARegressionAreSeen() {
        ProjectDocument document(folder_ / "autosave");
        Project project = openTemplate("peaks-and-pits");
        test::set(project, "epochs", std::int64_t{4});
        saveProject(folder_ / "peaks.gradwright", project);
        document.open(folder_ / "peaks.gradwright");
        TrainingSession session;
        InferencePage page(document, theme_, session);
        page.resize(1440, 820);
        page.show();
        session.start(trainingJob(document.project(), document.runsFolder()));
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Finished, kPatience);
        const auto isBest = [&] {
            const auto& map = page.plane().map();
            return map && map->model->weightsTitle.starts_with("best");
        };
        QTRY_VERIFY_WITH_TIMEOUT(isBest(), kPatience);
        const PlaneMap& map = *page.plane().map();
        QVERIFY(!map.hasClasses());
        QCOMPARE(map.values.size(), static_cast<std::size_t>(PlaneMap::kSide * PlaneMap::kSide));
        QCOMPARE(map.targets.size(), map.points.size());
        const auto [least, most] = std::ranges::minmax_element(map.values);
        QVERIFY(*most > *least);
        page.plane().grab();
        QVERIFY(page.plane().legend().contains(QStringLiteral("the\u00a0largest")));
        // The pointer tells the value.
        const QPoint middle = page.plane().rect().center();
        QHelpEvent help(QEvent::ToolTip, middle, page.plane().mapToGlobal(middle));
        QApplication::sendEvent(&page.plane(), &help);
        QTRY_VERIFY(QToolTip::text().startsWith(QStringLiteral("Value")));
        QToolTip::hideText();
    }

private:
    test::TemporaryFolder folder_;
    ThemeManager theme_{*qApp};
};

QTEST_MAIN(PlaneTest)
#include "tst_plane.moc"
