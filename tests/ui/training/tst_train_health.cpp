// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"
#include "tests/ui/training/train_bench.h"
#include "ui/runs/runs_panel.h"
#include "ui/theme/theme_manager.h"
#include "ui/training/health_list.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>
#include <memory>

using namespace gradwright;
using test::kPatience;

namespace {

struct Bench : test::TrainBench {
    using TrainBench::TrainBench;

    [[nodiscard]] bool offersACure() const { return button("cure") != nullptr; }
};

} // namespace

/// What the page says of a training in which something goes wrong.
class TrainHealthTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// The alarm is told where the run is, its button changes the project, and Undo takes it back.
    void aBrokenTrainingIsToldWithItsRemedy() {
        auto project = test::smallProject(1000);
        test::set(project, "learning_rate", 1e-8);
        test::set(project, "epochs", std::int64_t{8});
        Bench bench(theme_, project);
        auto& list = *bench.page->findChild<HealthList*>();
        QVERIFY(!list.isVisible());
        bench.click("start");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Finished, kPatience);
        QVERIFY(list.isVisible());
        QCOMPARE(list.entries().size(), std::size_t{1});
        QVERIFY(list.findChild<QLabel*>(QStringLiteral("cause"))
                    ->text()
                    .contains(QStringLiteral("Nothing learned")));
        const auto warnings = [&] {
            return std::ranges::count_if(
                bench.document.analysis().diagnostics, [](const Diagnostic& each) {
                    return each.message.find("Nothing learned") != std::string::npos;
                });
        };
        QCOMPARE(warnings(), 1);
        bench.click("cure");
        QCOMPARE(bench.document.project().training.learningRate(), 0.001);
        QCOMPARE(warnings(), 0);
        QVERIFY(!bench.offersACure());
        QVERIFY(list.isVisible()); // what happened is still true of the run
        bench.document.undoStack().undo();
        QCOMPARE(bench.document.project().training.learningRate(), 1e-8);
        QCOMPARE(warnings(), 1);
        QVERIFY(bench.offersACure());

        // The run keeps it for those who choose it later.
        TrainPage later(bench.document, theme_, bench.session);
        later.resize(1440, 820);
        later.show();
        auto& again = *later.findChild<HealthList*>();
        QTRY_VERIFY_WITH_TIMEOUT(again.isVisible(), kPatience);
        QCOMPARE(again.entries().front().alarm.epoch, list.entries().front().alarm.epoch);
    }

    void anAlarmLeadsToItsLayer() {
        Bench bench(theme_, test::smallProject());
        auto& list = *bench.page->findChild<HealthList*>();
        Q_EMIT bench.session.healthChanged(
            {5, {{AlarmKind::DeadUnits, "hidden", 1, 5, 0, 1, 0.9, "All 0.", {RemedyKind::Leak}}}});
        QVERIFY(list.isVisible());
        QSignalSpy chosen(bench.page.get(), &TrainPage::layerChosen);
        bench.click("layer");
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen.front().at(1).value<NodeId>().value, 3U);
        bench.click("cure");
        QCOMPARE(std::get<std::string>(
                     bench.document.project().network.main.findByName("hidden")->params.at(
                         "activation")),
                 std::string("leaky-relu"));
        Q_EMIT bench.session.healthChanged({6, {}});
        QVERIFY(!list.isVisible());
    }

    void aCureDuringATrainingSaysWhenItHolds() {
        auto project = test::smallProject(16'000, 0.02);
        test::set(project, "epochs", std::int64_t{40});
        Bench bench(theme_, project);
        bench.click("start");
        QTRY_VERIFY_WITH_TIMEOUT(bench.session.currentStep() > 5, kPatience);
        bench.click("pause");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Paused, kPatience);
        Q_EMIT bench.session.healthChanged(
            {5, {{AlarmKind::DeadUnits, "hidden", 1, 5, 0, 1, 0.9, "All 0.", {RemedyKind::Leak}}}});
        QSignalSpy hints(bench.page.get(), &TrainPage::hint);
        bench.click("cure");
        QCOMPARE(hints.count(), 1);
        QVERIFY(hints.front().front().toString().contains(QStringLiteral("next training")));
        bench.click("stop");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Stopped, kPatience);
    }

    void earlyStoppingIsToldWhereTheProgressIs() {
        auto project = test::smallProject(200, 0.02);
        test::set(project, "epochs", std::int64_t{60});
        test::set(project, "learning_rate", 0.02);
        test::set(project, "early_stopping", true);
        test::set(project, "patience", std::int64_t{3});
        Bench bench(theme_, project);
        bench.click("start");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Finished, kPatience);
        const auto says = [&](const QString& text) {
            return std::ranges::any_of(bench.page->findChildren<QLabel*>(), [&](const auto* label) {
                return label->text().startsWith(text);
            });
        };
        QVERIFY(says(QStringLiteral("Stopped early after epoch ")));
        QTRY_COMPARE_WITH_TIMEOUT(bench.page->runs().runs().size(), std::size_t{1}, kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(bench.page->runs().runs().front().stoppedAfter, 3, kPatience);
    }

private:
    ThemeManager theme_{*qApp, ThemeChoice::Dark};
};

QTEST_MAIN(TrainHealthTest)
#include "tst_train_health.moc"
