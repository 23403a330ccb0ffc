// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "tests/support/own_home.h"
#include "tests/support/small_jobs.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/inference/inference_page.h"

#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QPointer>
#include <QSettings>
#include <QTemporaryDir>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// A network that was trained and not saved, and all ways in which it may leave its window.
class TestLeaving : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;
    bool closed_ = false;

    [[nodiscard]] fs::path path(const char* name) const {
        return fs::path(folder_->path().toStdString()) / name;
    }
    void openWindow() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    /// Tries to leave the open project as a user does.
    void leave(const QByteArray& way) {
        if (way == "close button")
            pressCloseButton(*window_);
        else if (way == "Ctrl+W")
            pressKey(*window_, Qt::Key_W, Qt::ControlModifier);
        else if (way == "Ctrl+Q")
            pressKey(*window_, Qt::Key_Q, Qt::ControlModifier);
        else if (way == "another template") {
            pressKey(*window_, Qt::Key_N, Qt::ControlModifier);
            chooseTemplate(*window_, "perceptron");
        } else if (way == "a blank canvas") {
            pressKey(*window_, Qt::Key_N, Qt::ControlModifier);
            QTest::mouseClick(buttonIn(*window_, "blank"), Qt::LeftButton);
        } else if (way == "a file of Recent") {
            pressKey(*window_, Qt::Key_N, Qt::ControlModifier);
            for (auto* const card : window_->findChildren<RecentCard*>())
                if (card->project().isSaved())
                    return QTest::mouseClick(card, Qt::LeftButton);
            QFAIL("no file in Recent");
        }
    }
    static void addWays() {
        QTest::addColumn<QByteArray>("way");
        QTest::addColumn<bool>("closes");
        for (const char* way : {"close button", "Ctrl+W", "Ctrl+Q"})
            QTest::newRow(way) << QByteArray(way) << true;
        for (const char* way : {"another template", "a blank canvas", "a file of Recent"})
            QTest::newRow(way) << QByteArray(way) << false;
    }
    /// A file that Recent knows.
    void makeRecentFile() {
        const auto file = path("recent.gradwright");
        saveProject(file, test::smallProject());
        QSettings().setValue(QStringLiteral("recentFiles"),
                             QStringList{QString::fromStdString(file.string())});
    }

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
        QApplication::setQuitOnLastWindowClosed(false);
        folder_ = std::make_unique<QTemporaryDir>();
        test::liveIn(folder_->path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        folder_ = std::make_unique<QTemporaryDir>();
        test::liveIn(folder_->path());
        QSettings().clear();
        makeRecentFile();
        openWindow();
    }
    void cleanup() {
        for (MainWindow* const each : MainWindow::all())
            if (each != window_.get())
                delete each;
        window_.reset();
    }

    void trainingMakesATemplateAnUnsavedProject() {
        chooseTemplate(*window_, "exclusive-or");
        QVERIFY(!window_->isWindowModified());
        pressKey(*window_, Qt::Key_F5);
        QTRY_VERIFY_WITH_TIMEOUT(window_->isWindowModified(), kTrainingPatience);
        QTRY_VERIFY_WITH_TIMEOUT(!window_->session().isActive(), kTrainingPatience);
        QVERIFY(window_->isWindowModified());
        QVERIFY(!window_->document().hasUnsavedEdits());
    }

    void leavingAsksAndCancelStays_data() { addWays(); }
    void leavingAsksAndCancelStays() {
        QFETCH(const QByteArray, way);
        trainTemplate(*window_);
        const std::string uuid = window_->document().project().uuid;
        ModalAnswers answers;
        answers.press("cancelLeaving");
        leave(way);
        QVERIFY(answers.isDone());
        QVERIFY(window_->isVisible());
        QCOMPARE(window_->document().project().uuid, uuid);
        QVERIFY(answers.asked().front().contains(QStringLiteral("Exclusive or")));
        QCOMPARE(unsavedNetworks().size(), 1U);
    }

    /// Name, number of runs, best accuracy and size are told; Escape is Cancel, Return saves.
    void theQuestionTellsWhatThereIs() {
        trainTemplate(*window_);
        ModalAnswers answers;
        answers
            .see([](QWidget& dialog) {
                auto* const facts = dialog.findChild<QLabel*>(QStringLiteral("facts"));
                QTRY_VERIFY(facts->text().contains(QStringLiteral("1 run")));
                QVERIFY(facts->text().contains(QStringLiteral("best accuracy")));
                QVERIFY(facts->text().contains(QStringLiteral("on disk")));
                QVERIFY(buttonIn(dialog, "saveNetwork")->isDefault());
            })
            .key(Qt::Key_Escape);
        pressCloseButton(*window_);
        QVERIFY(answers.isDone());
        QVERIFY(window_->isVisible());
        ModalAnswers saving;
        saving.key(Qt::Key_Return).file(QString::fromStdString(path("by-return").string()));
        pressCloseButton(*window_);
        QVERIFY(saving.isDone());
        QVERIFY(!window_->isVisible());
        QVERIFY(fs::exists(path("by-return.gradwright")));
    }

    void whatIsKeptComesBackFromRecent_data() { addWays(); }
    void whatIsKeptComesBackFromRecent() {
        QFETCH(const QByteArray, way);
        QFETCH(const bool, closes);
        trainTemplate(*window_);
        const Project trained = window_->document().project();
        ModalAnswers answers;
        answers.press("keepUnsaved");
        leave(way);
        QVERIFY(answers.isDone());
        QCOMPARE(window_->isVisible(), !closes);
        if (closes) {
            window_.reset();
            openWindow();
        } else {
            QVERIFY(window_->document().project().uuid != trained.uuid);
            QVERIFY(!window_->isWindowModified());
            pressKey(*window_, Qt::Key_N, Qt::ControlModifier);
        }
        QTRY_VERIFY(unsavedCard(*window_) != nullptr);
        const RecentProject entry = unsavedCard(*window_)->project();
        QCOMPARE(entry.name, QStringLiteral("Exclusive or"));
        QCOMPARE(entry.runs, 1);
        QVERIFY(entry.best.endsWith(QStringLiteral(" %")));
        QCOMPARE(entry.time.date(), QDate::currentDate());

        QTest::mouseClick(unsavedCard(*window_), Qt::LeftButton);
        QVERIFY(window_->document().project() == trained);
        QVERIFY(window_->isWindowModified());
        auto& runs = window_->training().runs();
        QTRY_COMPARE_WITH_TIMEOUT(runs.runs().size(), 1U, kTrainingPatience);
        pressKey(*window_, Qt::Key_4, Qt::ControlModifier);
        auto* const weights = window_->inference().findChild<QLabel*>(QStringLiteral("weights"));
        QTRY_VERIFY_WITH_TIMEOUT(weights->text().startsWith(QStringLiteral("Weights: best")),
                                 kTrainingPatience);
    }

    void editsAfterTrainingAreKeptToo() {
        trainTemplate(*window_);
        const std::string name = window_->document().project().name;
        window_->document().perform(QStringLiteral("Describe"),
                                    {SetTexts{name, "edited after the training"}});
        ModalAnswers answers;
        answers.press("keepUnsaved");
        pressCloseButton(*window_);
        QVERIFY(answers.isDone());
        QCOMPARE(answers.asked().size(), 1); // not one question about edits and another
        window_.reset();
        openWindow();
        QTRY_VERIFY(unsavedCard(*window_) != nullptr);
        QTest::mouseClick(unsavedCard(*window_), Qt::LeftButton);
        QCOMPARE(window_->document().project().description,
                 std::string("edited after the training"));
    }

    void recentOfTheMenuOpensItToo() {
        trainTemplate(*window_);
        const std::string uuid = window_->document().project().uuid;
        ModalAnswers answers;
        answers.press("keepUnsaved");
        leave("a blank canvas");
        QVERIFY(answers.isDone());
        QAction* entry = nullptr;
        const auto find = [&] {
            for (QAction* const action : window_->findChildren<QAction*>())
                if (action->text().startsWith(QStringLiteral("Exclusive or (not saved): today")))
                    entry = action;
            return entry != nullptr;
        };
        QTRY_VERIFY(find());
        QVERIFY(entry->text().contains(QStringLiteral("best ")));
        entry->trigger();
        QCOMPARE(window_->document().project().uuid, uuid);
    }

    void savingMovesTheRunsBesideTheFile() {
        trainTemplate(*window_);
        const auto before = window_->session().run();
        QVERIFY(fs::exists(before));
        const auto file = path("saved.gradwright");
        ModalAnswers answers;
        answers.press("saveNetwork").file(QString::fromStdString(file.string()));
        pressCloseButton(*window_);
        QVERIFY(answers.isDone());
        QVERIFY(!window_->isVisible());
        window_.reset(); // waits for the run to be moved
        QVERIFY(!fs::exists(before));
        QCOMPARE(RunDirectory::list(path("saved.runs")).size(), 1U);
        QVERIFY(unsavedNetworks().empty());

        openWindow();
        QTRY_VERIFY(!window_->findChildren<RecentCard*>().empty());
        window_->openFile(QString::fromStdString(file.string()));
        QVERIFY(!window_->isWindowModified());
        QTRY_COMPARE_WITH_TIMEOUT(window_->training().runs().runs().size(), 1U, kTrainingPatience);
        pressCloseButton(*window_); // and nothing is asked
        QVERIFY(!window_->isVisible());
    }

    void aRunMovesOnceItsTrainingHasEnded() {
        Project project = test::smallProject(2000, 0.1);
        test::set(project, "epochs", std::int64_t{100'000});
        window_->document().openUnsaved(project);
        pressKey(*window_, Qt::Key_F5);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().currentStep() > 5, kTrainingPatience);
        const auto before = window_->session().run();
        ModalAnswers answers;
        answers.file(QString::fromStdString(path("busy.gradwright").string()));
        pressKey(*window_, Qt::Key_S, Qt::ControlModifier);
        QVERIFY(answers.isDone());
        QVERIFY(!window_->isWindowModified());
        QTest::qWait(300);
        QVERIFY(fs::exists(before / "run.json"));
        QCOMPARE(window_->session().state(), TrainingState::Running);
        QTRY_COMPARE(window_->training().runs().runs().size(), 1U); // it is this project's run
        pressKey(*window_, Qt::Key_F5, Qt::ShiftModifier);
        QTRY_VERIFY_WITH_TIMEOUT(!fs::exists(before), kTrainingPatience);
        QCOMPARE(RunDirectory::list(path("busy.runs")).size(), 1U);
        QTRY_COMPARE(window_->training().runs().runs().size(), 1U);
        QTRY_COMPARE(window_->training().runs().runs().front().folder.parent_path(),
                     path("busy.runs"));
    }

    void savedUnderAnotherNameTheRunsAreStillListed() {
        trainTemplate(*window_);
        for (const char* name : {"first.gradwright", "second.gradwright"}) {
            ModalAnswers answers;
            answers.file(QString::fromStdString(path(name).string()));
            pressKey(*window_, Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
            QVERIFY(answers.isDone());
            QTRY_COMPARE(RunDirectory::list(path("first.runs")).size(), 1U);
            QTRY_COMPARE(window_->training().runs().runs().size(), 1U);
        }
        window_->document().newProject();
        window_->openFile(QString::fromStdString(path("second.gradwright").string()));
        QTRY_COMPARE_WITH_TIMEOUT(window_->training().runs().runs().size(), 1U, kTrainingPatience);
        QVERIFY(!window_->isWindowModified());
    }

    void deletingNeedsASecondYes() {
        trainTemplate(*window_);
        const auto run = window_->session().run();
        ModalAnswers answers;
        answers.press("deleteNetwork").press(QMessageBox::Cancel).press("cancelLeaving");
        pressCloseButton(*window_);
        QVERIFY(answers.isDone());
        QVERIFY(window_->isVisible());
        QVERIFY(fs::exists(run / "run.json"));

        ModalAnswers again;
        again.press("deleteNetwork").press("confirmDelete");
        pressCloseButton(*window_);
        QVERIFY(again.isDone());
        QVERIFY(!window_->isVisible());
        QVERIFY(!fs::exists(run));
        QVERIFY(unsavedNetworks().empty());
        QVERIFY(fs::exists(path("Trash") / "files")); // it can be brought back
        QVERIFY(!fs::is_empty(path("Trash") / "files"));
    }

    void withoutATrashItAsksOnceMore() {
        // A file stands where the trash would be.
        QFile(QString::fromStdString(path("Trash").string())).open(QIODevice::WriteOnly);
        trainTemplate(*window_);
        const auto run = window_->session().run();
        ModalAnswers answers;
        answers.press("deleteNetwork")
            .press("confirmDelete")
            .press(QMessageBox::Cancel)
            .press("deleteNetwork")
            .press("confirmDelete")
            .press("confirmDelete");
        pressCloseButton(*window_);
        QVERIFY(answers.isDone());
        QVERIFY2(answers.asked()[2].contains(QStringLiteral("cannot be undone")),
                 qPrintable(answers.asked()[2]));
        QVERIFY(!window_->isVisible());
        QVERIFY(!fs::exists(run));
    }

    /// One question for the training that runs and the network that is not saved.
    void closingWhileItTrainsAsksOnce_data() {
        QTest::addColumn<QByteArray>("answer");
        QTest::newRow("keep") << QByteArray("keepUnsaved");
        QTest::newRow("delete") << QByteArray("deleteNetwork");
    }
    void closingWhileItTrainsAsksOnce() {
        QFETCH(const QByteArray, answer);
        const bool keeps = answer == "keepUnsaved";
        Project project = test::smallProject(2000, 0.1);
        test::set(project, "epochs", std::int64_t{100'000});
        window_->document().openUnsaved(project);
        pressKey(*window_, Qt::Key_F5);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().currentStep() > 5, kTrainingPatience);
        const auto run = window_->session().run();
        ModalAnswers answers;
        answers.press(answer.constData());
        if (!keeps)
            answers.press("confirmDelete");
        pressCloseButton(*window_);
        QVERIFY(answers.isDone());
        QVERIFY(answers.asked().front().contains(QStringLiteral("can be resumed later")));
        QVERIFY(!window_->isVisible());
        window_.reset();
        QCOMPARE(fs::exists(run), keeps);

        // The training that was cut off is offered as ever, the one that was deleted is not.
        openWindow();
        window_->offerRecovery();
        auto* const go = buttonIn(*window_, "noticeAction");
        if (!keeps) {
            QTest::qWait(500);
            QVERIFY(!go->isVisible());
            return;
        }
        QTRY_VERIFY_WITH_TIMEOUT(go->isVisible(), kTrainingPatience);
        QTest::mouseClick(go, Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Running,
                                  kTrainingPatience);
        QCOMPARE(window_->session().run(), run);
    }

    void everyWindowAsksForItsOwn() {
        trainTemplate(*window_);
        MainWindow& second = window_->openWindow();
        QVERIFY(QTest::qWaitForWindowExposed(&second));
        trainTemplate(second);
        QPointer<MainWindow> other(&second);
        ModalAnswers answers;
        answers.press("keepUnsaved").press("cancelLeaving");
        pressKey(*window_, Qt::Key_Q, Qt::ControlModifier);
        QVERIFY(answers.isDone());
        QCOMPARE(MainWindow::all().size(), 1U); // the second question was answered by Cancel
        QCOMPARE(unsavedNetworks().size(), 2U);
        // The last one.
        ModalAnswers last;
        last.press("keepUnsaved");
        pressCloseButton(*MainWindow::all().front());
        QVERIFY(last.isDone());
        QVERIFY(MainWindow::all().empty());
    }

    void nothingIsAskedWhereNothingWasTrained_data() { addWays(); }
    void nothingIsAskedWhereNothingWasTrained() {
        QFETCH(const QByteArray, way);
        QFETCH(const bool, closes);
        chooseTemplate(*window_, "exclusive-or");
        const std::string uuid = window_->document().project().uuid;
        leave(way); // would wait for an answer
        QCOMPARE(window_->isVisible(), !closes);
        QVERIFY(closes || window_->document().project().uuid != uuid);
    }

    void nothingIsAskedOfASavedProject() {
        window_->openFile(QString::fromStdString(path("recent.gradwright").string()));
        pressKey(*window_, Qt::Key_F5);
        QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Finished,
                                  kTrainingPatience);
        QVERIFY(!window_->isWindowModified());
        pressCloseButton(*window_);
        QVERIFY(!window_->isVisible());
    }

    void aBlankProjectIsAskedAboutAsWell() {
        QTest::mouseClick(buttonIn(*window_, "blank"), Qt::LeftButton);
        // Its layers come from elsewhere; what counts is that it began empty.
        Project project = test::smallProject();
        project.uuid = window_->document().project().uuid;
        window_->document().openTrained(project);
        pressKey(*window_, Qt::Key_F5);
        QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Finished,
                                  kTrainingPatience);
        ModalAnswers answers;
        answers.press("keepUnsaved");
        pressCloseButton(*window_);
        QVERIFY(answers.isDone());
        QCOMPARE(unsavedNetworks().front().project.name, std::string("small"));
    }
};

QTEST_MAIN(TestLeaving)
#include "tst_leaving.moc"
