// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "tests/support/data_files.h"
#include "tests/support/own_home.h"
#include "tests/support/small_jobs.h"
#include "tests/ui/training/train_bench.h"
#include "ui/plots/curve_plot.h"
#include "ui/runs/runs_panel.h"
#include "ui/runs/training_course.h"
#include "ui/theme/theme_manager.h"
#include "ui/training/train_page.h"
#include "ui/training/training_controls.h"

#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>
#include <QToolButton>

#include <cmath>
#include <filesystem>
#include <memory>

using namespace gradwright;
using test::kPatience;

namespace {

struct Rig : test::TrainBench {
    using TrainBench::TrainBench;

    bool wait(TrainingState state) const {
        return QTest::qWaitFor([&] { return session.state() == state; }, kPatience);
    }
    /// The list knows that the run has ended.
    bool waitForList(std::size_t runs, bool finished) const {
        return QTest::qWaitFor(
            [&] {
                const auto& all = page->runs().runs();
                return all.size() == runs && all.front().finished == finished &&
                       (finished || all.front().resumable);
            },
            kPatience);
    }
    /// All numbers that the page shows of the run: plots, marks, legends and the bar above them.
    QStringList shown() const {
        QStringList all;
        for (auto* const plot : {&page->course().loss(), &page->course().quality()}) {
            all << plot->csv();
            for (std::size_t i = 0; i < plot->rateMarks(); ++i)
                all << plot->rateMark(i);
            for (const auto& entry : plot->legend().entries())
                all << entry.name + u' ' + entry.value;
        }
        for (const auto* const label :
             page->findChild<TrainingControls*>()->findChildren<QLabel*>())
            if (label->isVisible())
                all << label->text();
        return all;
    }
    RunList& list() const { return page->runs().list(); }
    /// Chooses the run below and the first one again.
    void lookAway() const {
        auto& list = page->runs().list();
        for (const int row : {1, 0})
            QTest::mouseClick(list.viewport(), Qt::LeftButton, {},
                              list.visualItemRect(list.item(row)).center());
        QTest::qWait(200); // plots are drawn 15 times a second
    }
};

/// Its epochs have 500 steps, so that a point of the plots stands for two of them, and it has
/// more points than a curve keeps. Long enough not to end before it is paused, on a fast machine.
Project longProject() {
    auto project = test::smallProject(16'000, 0.02);
    project.training.schedule = {"cosine", {}};
    test::set(project, "epochs", std::int64_t{40});
    return project;
}

} // namespace

/// A run looks the same, to the digit, while it is trained and when it is shown later.
class LiveAndLaterTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { test::liveIn(QString::fromStdString(home_.path())); }

    void aRunShowsTheSameNumbersLater() {
        Rig rig(theme_, longProject());
        // Another run to look at in between.
        rig.click("start");
        QVERIFY(QTest::qWaitFor([&] { return rig.session.currentStep() > 20; }, kPatience));
        rig.click("stop");
        QVERIFY(rig.wait(TrainingState::Stopped) && rig.waitForList(1, false));

        rig.click("start");
        QVERIFY(QTest::qWaitFor([&] { return rig.session.currentStep() > 8000; }, kPatience));
        rig.click("pause");
        QVERIFY(rig.wait(TrainingState::Paused));
        auto* const rate = rig.page->findChild<QLineEdit*>(QStringLiteral("learning_rate"));
        rate->setFocus();
        rate->selectAll();
        QTest::keyClicks(rate, QStringLiteral("0.002"));
        QTest::keyClick(rate, Qt::Key_Return);
        auto& loss = rig.page->course().loss();
        QVERIFY(QTest::qWaitFor([&] { return loss.rateMarks() == 2; }, kPatience));
        // What the schedule makes of it, not what was typed.
        QVERIFY2(loss.rateMark(1) != QStringLiteral("▼ 2e-3"), qPrintable(loss.rateMark(1)));
        const auto paused = rig.session.currentStep();
        rig.click("pause"); // "Resume"
        QVERIFY(
            QTest::qWaitFor([&] { return rig.session.currentStep() > paused + 300; }, kPatience));
        rig.click("stop");
        QVERIFY(rig.wait(TrainingState::Stopped) && rig.waitForList(2, false));
        QTest::qWait(200);
        const auto stopped = rig.shown();
        rig.lookAway();
        QCOMPARE(rig.shown(), stopped);

        rig.click("pause"); // "Resume"
        QVERIFY(rig.wait(TrainingState::Finished) && rig.waitForList(2, true));
        QTest::qWait(200);
        const auto finished = rig.shown();
        QVERIFY(finished.filter(QStringLiteral("Test accuracy")).size() == 1);
        QCOMPARE(loss.rateMarks(), 2U);
        QVERIFY(loss.training().size() > 1000);
        rig.lookAway();
        QCOMPARE(rig.shown(), finished);
        const auto& run = rig.page->runs().runs().front();
        QVERIFY(run.test && run.seconds > 0);
    }

    void theCurrentRateIsShown() {
        auto project = longProject();
        Rig rig(theme_, project);
        rig.click("start");
        QVERIFY(QTest::qWaitFor([&] { return rig.session.currentStep() > 8000; }, kPatience));
        rig.click("pause");
        QVERIFY(rig.wait(TrainingState::Paused));
        bool isShown = false;
        const auto wanted = project.training.learningRate() *
                            project.training.scheduledFactor(
                                static_cast<double>(rig.session.currentStep() - 1) / 500);
        for (const auto* const label :
             rig.page->findChild<TrainingControls*>()->findChildren<QLabel*>())
            isShown = isShown || (label->isVisible() &&
                                  std::abs(label->text().toDouble() - wanted) < 0.06 * wanted);
        QVERIFY(isShown);
    }

    /// With a rate of next to nothing no epoch is better than the first.
    void earlyStoppingIsTold() {
        auto project = test::smallProject(320, 0.1);
        test::set(project, "epochs", std::int64_t{50});
        test::set(project, "learning_rate", 1e-12);
        test::set(project, "early_stopping", true);
        test::set(project, "patience", std::int64_t{2});
        Rig rig(theme_, project);
        rig.click("start");
        QVERIFY(rig.wait(TrainingState::Finished) && rig.waitForList(1, true));
        const auto& run = rig.page->runs().runs().front();
        QVERIFY(run.endedEarly());
        const auto wanted =
            QStringLiteral("Stopped early after epoch %1 of 50").arg(run.epochs.size());
        QVERIFY2(rig.shown().contains(wanted), qPrintable(rig.shown().join(u'|').right(400)));
        QVERIFY(rig.list()
                    .item(0)
                    ->data(RunSubtitle)
                    .toString()
                    .contains(QStringLiteral("stopped early")));
    }

    /// The axis of steps ends at all steps, that of time at what all of them will take.
    void theAxisCountsStepsEpochsOrTime() {
        auto project = test::smallProject(320, 0.1);
        Rig rig(theme_, project);
        rig.click("start");
        QVERIFY(rig.wait(TrainingState::Finished) && rig.waitForList(1, true));
        auto& loss = rig.page->course().loss();
        const auto choose = [&](const char* name) {
            QTest::mouseClick(rig.page->findChild<QToolButton*>(QLatin1String(name)),
                              Qt::LeftButton);
        };
        const auto endsAt = [&](double end) {
            return QTest::qWaitFor(
                [&] { return std::abs(loss.xRange().second - kAxisSlack * end) < 1e-6 * end; },
                kPatience);
        };
        const auto& run = rig.page->runs().runs().front();
        QVERIFY(endsAt(2));
        choose("xStep");
        QVERIFY(endsAt(static_cast<double>(run.steps.back().step)));
        choose("xTime");
        QVERIFY(endsAt(run.steps.back().seconds));
        QCOMPARE(rig.page->course().quality().wholeWidth(), loss.wholeWidth());
        choose("xEpoch");
        QVERIFY(endsAt(2));
    }

private:
    test::TemporaryFolder home_;
    ThemeManager theme_{*qApp, ThemeChoice::Dark};
};

QTEST_MAIN(LiveAndLaterTest)
#include "tst_live_and_later.moc"
