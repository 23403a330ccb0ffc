// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/run_directory.h"
#include "tests/support/data_files.h"
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/design/design_page.h"
#include "ui/inference/inference_page.h"
#include "ui/shell/command_palette.h"
#include "ui/steps/batch_steps.h"

#include <QLineEdit>
#include <QTemporaryDir>

using namespace gradwright;

/// One batch gone through in the whole window: with the weights of a run, by key and by command.
class TestStepThrough : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    [[nodiscard]] BatchSteps& steps() { return window_->design().steps(); }
    void waitForBatch() {
        QVERIFY(steps().isActive());
        QTRY_VERIFY_WITH_TIMEOUT(!steps().isComputing(), test::kTrainingPatience);
        QVERIFY(steps().trace() != nullptr);
    }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void aRunsWeightsAreUsedAndLeftAlone() {
        test::trainTemplate(*window_);
        const auto file = RunDirectory::open(window_->session().run()).lastWeights();
        const auto bytes = test::readFile(file);
        QTRY_VERIFY(window_->training().runs().chosen() != nullptr);
        const auto trained = window_->session().currentStep();
        window_->showPage(window_->design());
        test::pressKey(*window_, Qt::Key_F10);
        waitForBatch();
        QVERIFY2(steps().weightsText().contains(QStringLiteral("of the run")),
                 qPrintable(steps().weightsText()));
        QCOMPARE(steps().trace()->step, trained + 1);
        for (int i = 0; i < 7; ++i)
            test::pressKey(*window_, Qt::Key_F10);
        waitForBatch();
        QCOMPARE(steps().trace()->number, std::int64_t{2});
        QVERIFY(test::readFile(file) == bytes);
        QCOMPARE(window_->training().runs().runs().size(), std::size_t{1});
        // In another network the run's weights are of no use, which is said.
        steps().end();
        window_->document().newFromTemplate("two-spirals");
        test::pressKey(*window_, Qt::Key_F10);
        waitForBatch();
        QVERIFY(steps().weightsText().startsWith(QStringLiteral("fresh")));
        QCOMPARE(steps().trace()->step, std::int64_t{1});
    }

    /// Of a training that is paused elsewhere; where none runs, it leads to the canvas.
    void theKeyGoesOnWithATrainingOrThroughABatch() {
        test::pressKey(*window_, Qt::Key_F10); // in the gallery, without a network
        QVERIFY(!steps().isActive());
        test::chooseTemplate(*window_, "exclusive-or");
        for (Page* const from : {static_cast<Page*>(&window_->training()),
                                 static_cast<Page*>(&window_->inference())}) {
            window_->showPage(*from);
            test::pressKey(*window_, Qt::Key_F10);
            QVERIFY(window_->design().isVisible());
            waitForBatch();
            steps().end();
        }
        window_->showPage(window_->training());
        auto settings = window_->document().project().training;
        settings.params["epochs"] = std::int64_t{100'000};
        window_->document().perform(QStringLiteral("Epochs"), {SetTraining{settings}});
        test::pressKey(*window_, Qt::Key_F5);
        auto& session = window_->session();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Running, test::kTrainingPatience);
        test::pressKey(*window_, Qt::Key_F10); // says that it has to be paused first
        QVERIFY(window_->training().isVisible());
        test::pressKey(*window_, Qt::Key_F5);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Paused, test::kTrainingPatience);
        const auto before = session.currentStep();
        test::pressKey(*window_, Qt::Key_F10);
        QTRY_COMPARE_WITH_TIMEOUT(session.currentStep(), before + 1, test::kTrainingPatience);
        QVERIFY(window_->training().isVisible());
        session.stop();
        QTRY_VERIFY_WITH_TIMEOUT(!session.isActive(), test::kTrainingPatience);
    }

    void aCommandStartsItAndShowsThePage() {
        test::chooseTemplate(*window_, "exclusive-or");
        window_->showPage(window_->training());
        test::pressKey(*window_, Qt::Key_K, Qt::ControlModifier);
        auto* const palette = window_->findChild<CommandPalette*>();
        QVERIFY(palette != nullptr);
        auto* const search = palette->findChild<QLineEdit*>();
        QTest::keyClicks(search, QStringLiteral("step through a batch: next"));
        QTest::keyClick(search, Qt::Key_Return);
        QTRY_VERIFY(steps().isActive());
        waitForBatch();
        QVERIFY(window_->design().isVisible());
    }
};

QTEST_MAIN(TestStepThrough)

#include "tst_step_through.moc"
