// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "tests/support/own_home.h"
#include "tests/support/small_jobs.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/unsaved_dialog.h"

#include <QLabel>
#include <QListWidget>
#include <QMenu>
#include <QProcess>
#include <QSettings>
#include <QTemporaryDir>
#include <QToolButton>
#include <QTreeWidget>

#include <cstdio>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// How trained networks that were not saved are found again: the notice of a template, the list of
/// all of them, and after a crash.
class TestUnsaved : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    [[nodiscard]] fs::path path(const char* name) const {
        return fs::path(folder_->path().toStdString()) / name;
    }
    void openWindow() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    /// Leaves the project for the gallery without saving it.
    void leaveIt() {
        ModalAnswers answers;
        answers.press("keepUnsaved");
        pressKey(*window_, Qt::Key_N, Qt::ControlModifier);
        QTest::mouseClick(buttonIn(*window_, "blank"), Qt::LeftButton);
        QVERIFY(answers.isDone());
        pressKey(*window_, Qt::Key_N, Qt::ControlModifier);
    }
    [[nodiscard]] QString noticeText() const {
        auto* const notice = window_->findChild<QFrame*>(QStringLiteral("notice"));
        for (const auto* const label : notice->findChildren<QLabel*>())
            if (!label->text().isEmpty())
                return label->text();
        return {};
    }
    UnsavedDialog* openList() {
        window_->showUnsaved();
        return window_->findChild<UnsavedDialog*>();
    }
    /// A process that trains a template in its window and tells when it has got so far.
    [[nodiscard]] std::unique_ptr<QProcess> startOther(const char* until) const {
        auto process = std::make_unique<QProcess>();
        process->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process->start(QCoreApplication::applicationFilePath(),
                       {QStringLiteral("--train-until"), QLatin1String(until), folder_->path()});
        return process;
    }
    static bool hasTold(QProcess& process) {
        return QTest::qWaitFor([&] { return process.readAllStandardOutput().contains("now\n"); },
                               kTrainingPatience);
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
        openWindow();
    }
    void cleanup() {
        for (MainWindow* const each : MainWindow::all())
            if (each != window_.get())
                delete each;
        window_.reset();
    }

    void aTemplateTrainedBeforeOffersItsRuns() {
        trainTemplate(*window_);
        const std::string uuid = window_->document().project().uuid;
        leaveIt();
        chooseTemplate(*window_, "perceptron"); // another one has nothing to offer
        auto* const go = buttonIn(*window_, "noticeAction");
        QTest::qWait(300);
        QVERIFY(!go->isVisible());
        pressKey(*window_, Qt::Key_N, Qt::ControlModifier);
        chooseTemplate(*window_, "exclusive-or");
        QTRY_VERIFY(go->isVisible());
        QVERIFY2(noticeText().startsWith(
                     QStringLiteral("Exclusive or was trained before and not saved: 1 run, best ")),
                 qPrintable(noticeText()));
        QCOMPARE(go->text(), QStringLiteral("Open it"));
        QCOMPARE(buttonIn(*window_, "noticeDismiss")->text(), QStringLiteral("Start fresh"));
        QVERIFY(window_->document().project().uuid != uuid);
        QTest::mouseClick(go, Qt::LeftButton);
        QCOMPARE(window_->document().project().uuid, uuid);
        QTRY_COMPARE(window_->training().runs().runs().size(), 1U);
        QVERIFY(!go->isVisible());
    }

    void startingFreshKeepsWhatThereIs() {
        trainTemplate(*window_);
        const std::string uuid = window_->document().project().uuid;
        leaveIt();
        chooseTemplate(*window_, "exclusive-or");
        auto* const fresh = buttonIn(*window_, "noticeDismiss");
        QTRY_VERIFY(fresh->isVisible());
        QTest::mouseClick(fresh, Qt::LeftButton);
        QVERIFY(!fresh->isVisible());
        QVERIFY(window_->document().project().uuid != uuid);
        QVERIFY(!window_->isWindowModified());
        QCOMPARE(unsavedNetworks().size(), 1U);
        // Another project takes an unanswered notice away.
        pressKey(*window_, Qt::Key_N, Qt::ControlModifier);
        chooseTemplate(*window_, "exclusive-or");
        QTRY_VERIFY(fresh->isVisible());
        pressKey(*window_, Qt::Key_N, Qt::ControlModifier);
        chooseTemplate(*window_, "perceptron");
        QVERIFY(!fresh->isVisible());
    }

    void severalNetworksOfATemplateAreListed() {
        for (int i = 0; i < 2; ++i) {
            trainTemplate(*window_);
            leaveIt();
        }
        chooseTemplate(*window_, "exclusive-or");
        auto* const go = buttonIn(*window_, "noticeAction");
        QTRY_VERIFY(go->isVisible());
        QVERIFY(noticeText().contains(QStringLiteral("2 networks")));
        QTest::mouseClick(go, Qt::LeftButton);
        auto* const dialog = window_->findChild<UnsavedDialog*>();
        QVERIFY(dialog != nullptr);
        QCOMPARE(dialog->tree().topLevelItemCount(), 2);
    }

    /// Runs of versions that did not note the template are known by their network.
    void runsOfOlderVersionsAreOfferedToo() {
        trainTemplate(*window_);
        const auto run = RunDirectory::open(window_->session().run());
        auto record = run.readRunJson();
        record["project"].erase("template");
        run.writeRunJson(record);
        leaveIt();
        chooseTemplate(*window_, "exclusive-or");
        QTRY_VERIFY(buttonIn(*window_, "noticeAction")->isVisible());
    }

    void theListIsReachedFromMenuPaletteAndGallery() {
        trainTemplate(*window_);
        leaveIt();
        const auto listIsOpen = [&] {
            auto* const dialog = window_->findChild<UnsavedDialog*>();
            if (!dialog || dialog->tree().topLevelItemCount() != 1)
                return false;
            QTest::keyClick(dialog, Qt::Key_Escape);
            return true;
        };
        const auto isGone = [&] { return window_->findChild<UnsavedDialog*>() == nullptr; };
        auto* const link = buttonIn(*window_, "unsavedNetworks");
        QTRY_VERIFY(link->isVisible());
        QVERIFY(link->text().startsWith(QStringLiteral("1 unsaved network, ")));
        QTest::mouseClick(link, Qt::LeftButton);
        QTRY_VERIFY(listIsOpen());
        QTRY_VERIFY(isGone());

        pressKey(*window_, Qt::Key_K, Qt::ControlModifier);
        auto* const palette = window_->findChild<CommandPalette*>();
        auto* const search = palette->findChild<QLineEdit*>();
        QTest::keyClicks(search, QStringLiteral("unsaved tr"));
        QCOMPARE(palette->findChild<QListWidget*>()->currentItem()->text(),
                 QStringLiteral("Unsaved trained networks…"));
        QTest::keyClick(search, Qt::Key_Return);
        QTRY_VERIFY(listIsOpen());
        QTRY_VERIFY(isGone());
    }

    void theListTellsRunsAndSizesAndOpens() {
        trainTemplate(*window_);
        pressKey(*window_, Qt::Key_F5);
        QVERIFY(window_->session().isActive());
        QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Finished,
                                  kTrainingPatience);
        const std::string uuid = window_->document().project().uuid;
        leaveIt();
        auto* const dialog = openList();
        QTRY_COMPARE(dialog->tree().topLevelItemCount(), 1);
        const auto* const top = dialog->tree().topLevelItem(0);
        QCOMPARE(top->text(0), QStringLiteral("Exclusive or"));
        QCOMPARE(top->text(1), QStringLiteral("2"));
        QVERIFY(top->text(2).endsWith(QStringLiteral(" %")));
        QVERIFY(top->text(4).endsWith(QStringLiteral("iB")));
        QCOMPARE(top->childCount(), 2);
        QVERIFY(top->child(0)->text(0).contains(QStringLiteral("finished")));
        auto* const total = dialog->findChild<QLabel*>(QStringLiteral("total"));
        QVERIFY2(total->text().startsWith(QStringLiteral("1 network, 2 runs, ")),
                 qPrintable(total->text()));
        QTest::mouseClick(buttonIn(*dialog, "openUnsaved"), Qt::LeftButton);
        QCOMPARE(window_->document().project().uuid, uuid);
        QVERIFY(!dialog->isVisible());
    }

    void oneRunOfSeveralIsDeleted() {
        trainTemplate(*window_);
        pressKey(*window_, Qt::Key_F5);
        QVERIFY(window_->session().isActive());
        QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Finished,
                                  kTrainingPatience);
        const auto newest = window_->session().run();
        auto* const dialog = openList();
        QTRY_COMPARE(dialog->tree().topLevelItemCount(), 1);
        QTRY_COMPARE(dialog->tree().topLevelItem(0)->childCount(), 2);
        dialog->tree().setCurrentItem(dialog->tree().topLevelItem(0)->child(0));
        ModalAnswers no;
        no.press(QMessageBox::Cancel);
        QTest::keyClick(&dialog->tree(), Qt::Key_Delete);
        QVERIFY(no.isDone());
        QVERIFY(fs::exists(newest));
        ModalAnswers yes;
        yes.press("confirmDelete");
        QTest::mouseClick(buttonIn(*dialog, "deleteUnsaved"), Qt::LeftButton);
        QVERIFY(yes.isDone());
        QVERIFY(!fs::exists(newest));
        QTRY_COMPARE(dialog->tree().topLevelItem(0)->childCount(), 1);
        QTRY_COMPARE(window_->training().runs().runs().size(), 1U); // it is open here
        // With the last run goes the network, and nothing is left to ask about.
        ModalAnswers last;
        last.press("confirmDelete");
        QTest::mouseClick(buttonIn(*dialog, "deleteUnsaved"), Qt::LeftButton);
        QTRY_COMPARE(dialog->tree().topLevelItemCount(), 0);
        QTRY_VERIFY(dialog->findChild<QLabel*>(QStringLiteral("nothing"))->isVisible());
        QTRY_VERIFY(!window_->isWindowModified());
    }

    void theListSavesAsAProjectAndExports() {
        trainTemplate(*window_);
        const Project trained = window_->document().project();
        const auto run = window_->session().run();
        const auto weights = readFile(run / "best.safetensors");
        leaveIt();
        auto* const dialog = openList();
        QTRY_COMPARE(dialog->tree().topLevelItemCount(), 1);
        const auto act = [&](const QString& start) {
            for (QAction* const action :
                 dialog->findChild<QToolButton*>(QStringLiteral("exportUnsaved"))
                     ->menu()
                     ->actions())
                if (action->text().startsWith(start))
                    action->trigger();
        };
        ModalAnswers answers;
        answers.file(QString::fromStdString(path("out.safetensors").string()))
            .file(QString::fromStdString(path("out.py").string()))
            .press("continueExport")
            .file(QString::fromStdString(path("out.onnx").string()))
            .file(QString::fromStdString(path("kept.gradwright").string()));
        act(QStringLiteral("Weights"));
        QCOMPARE(readFile(path("out.safetensors")), weights);
        act(QStringLiteral("Network as PyTorch"));
        QVERIFY(fs::exists(path("out.py")));
        act(QStringLiteral("Network and weights as ONNX"));
        QVERIFY(readTextFile(path("out.onnx")).find(run.filename().string()) != std::string::npos);
        QTest::mouseClick(buttonIn(*dialog, "saveUnsaved"), Qt::LeftButton);
        QVERIFY(answers.isDone());
        QVERIFY(loadProject(path("kept.gradwright")) == trained);
        QCOMPARE(RunDirectory::list(path("kept.runs")).size(), 1U);
        QVERIFY(!fs::exists(run));
        QTRY_COMPARE(dialog->tree().topLevelItemCount(), 0);
    }

    void whatAnotherWindowTrainsCannotBeDeleted() {
        Project project = test::smallProject(2000, 0.1);
        test::set(project, "epochs", std::int64_t{100'000});
        window_->document().openUnsaved(project);
        pressKey(*window_, Qt::Key_F5);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().currentStep() > 5, kTrainingPatience);
        MainWindow& second = window_->openWindow();
        QVERIFY(QTest::qWaitForWindowExposed(&second));
        second.showUnsaved();
        auto* const dialog = second.findChild<UnsavedDialog*>();
        QTRY_COMPARE(dialog->tree().topLevelItemCount(), 1);
        QVERIFY(!buttonIn(*dialog, "deleteUnsaved")->isEnabled());
        QCOMPARE(dialog->findChild<QLabel*>(QStringLiteral("note"))->text(),
                 QStringLiteral("Cannot be deleted: it is being trained by this program."));
        // To open it leads to the window that has it.
        QTest::mouseClick(buttonIn(*dialog, "openUnsaved"), Qt::LeftButton);
        QVERIFY(second.document().project().uuid != project.uuid);
        window_->training().stop();
        QTRY_VERIFY_WITH_TIMEOUT(!window_->session().isActive(), kTrainingPatience);
    }

    void afterAKillTheNetworkIsFound_data() {
        QTest::addColumn<QByteArray>("until");
        QTest::newRow("while it trains") << QByteArray("training");
        QTest::newRow("after it has trained") << QByteArray("trained");
    }
    void afterAKillTheNetworkIsFound() {
        QFETCH(const QByteArray, until);
        const bool cutOff = until == "training";
        window_.reset();
        auto other = startOther(until.constData());
        QVERIFY(hasTold(*other));
        if (cutOff) {
            // Meanwhile it is that process' own.
            const auto busy = unsavedNetworks();
            QVERIFY(busy.front().isLocked());
            QCOMPARE(busy.front().runs.front().lockOwner, std::to_string(other->processId()));
        }
        other->kill(); // SIGKILL
        QVERIFY(other->waitForFinished());
        QCOMPARE(other->exitStatus(), QProcess::CrashExit);

        openWindow();
        // Nothing was edited, so there is no unsaved work to ask about beside it.
        QVERIFY(recoverableProjects(defaultAutosaveFolder()).empty());
        window_->offerRecovery();
        QTRY_VERIFY(unsavedCard(*window_) != nullptr);
        auto* const dialog = openList();
        QTRY_COMPARE(dialog->tree().topLevelItemCount(), 1);
        QVERIFY(buttonIn(*dialog, "deleteUnsaved")->isEnabled()); // the lock went with it
        QTest::keyClick(dialog, Qt::Key_Escape);
        auto* const go = buttonIn(*window_, "noticeAction");
        if (cutOff)
            QTRY_VERIFY_WITH_TIMEOUT(go->isVisible(), kTrainingPatience);
        QTest::mouseClick(unsavedCard(*window_), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(window_->training().runs().runs().size(), 1U, kTrainingPatience);
        QCOMPARE(window_->training().runs().runs().front().resumable, cutOff);
        QVERIFY(window_->isWindowModified());
    }

    /// Edits that a crash left are asked about once, and the runs come with them.
    void recoveredEditsBringTheRuns() {
        trainTemplate(*window_);
        const std::string uuid = window_->document().project().uuid;
        window_->document().perform(QStringLiteral("Describe"), {SetTexts{"Exclusive or", "x"}});
        window_->document().autosaveNow();
        const auto folder = defaultAutosaveFolder();
        // What a crash leaves: the file, and no one who holds its lock.
        fs::copy_file(folder / (uuid + ".gradwright"), folder / "left.gradwright");
        window_.reset();
        openWindow();
        ModalAnswers recovery;
        recovery.press("openUnsaved");
        window_->offerRecovery();
        QVERIFY(recovery.isDone());
        QCOMPARE(window_->document().project().description, std::string("x"));
        QTRY_COMPARE_WITH_TIMEOUT(window_->training().runs().runs().size(), 1U, kTrainingPatience);
        QTRY_VERIFY(window_->document().isTrainedUnsaved());
        ModalAnswers answers;
        answers.press("keepUnsaved");
        pressCloseButton(*window_);
        QVERIFY(answers.isDone());
        QVERIFY(!window_->isVisible());
        window_.reset();
        QVERIFY(recoverableProjects(folder).empty());
        QCOMPARE(unsavedNetworks().front().project.description, std::string("x"));
    }

    void afterAFileIsGoneItsRunsLeadBack() {
        const auto file = path("gone.gradwright");
        saveProject(file, test::smallProject());
        window_->openFile(QString::fromStdString(file.string()));
        pressKey(*window_, Qt::Key_F5);
        QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Finished,
                                  kTrainingPatience);
        fs::remove(file);
        window_.reset();
        openWindow();
        QTRY_VERIFY(unsavedCard(*window_) != nullptr);
        QTest::mouseClick(unsavedCard(*window_), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(window_->training().runs().runs().size(), 1U, kTrainingPatience);
        QVERIFY(window_->isWindowModified());
        ModalAnswers answers;
        answers.file(QString::fromStdString(path("back.gradwright").string()));
        pressKey(*window_, Qt::Key_S, Qt::ControlModifier);
        QVERIFY(answers.isDone());
        QTRY_COMPARE(window_->training().runs().runs().size(), 1U);
        QVERIFY(!window_->isWindowModified());
    }

    void runsOfARenamedFileAreListed() {
        const auto file = path("before.gradwright");
        saveProject(file, test::smallProject());
        window_->openFile(QString::fromStdString(file.string()));
        pressKey(*window_, Qt::Key_F5);
        QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Finished,
                                  kTrainingPatience);
        fs::rename(file, path("after.gradwright"));
        window_->openFile(QString::fromStdString(path("after.gradwright").string()));
        QTRY_COMPARE_WITH_TIMEOUT(window_->training().runs().runs().size(), 1U, kTrainingPatience);
    }
};

namespace {

/// The other process: trains in a window until it is killed.
int trainUntil(const QString& until) {
    ThemeManager themes(*qApp);
    MainWindow window(themes);
    window.show();
    if (!QTest::qWaitForWindowExposed(&window))
        return 1;
    const bool ends = until == QStringLiteral("trained");
    if (ends) {
        chooseTemplate(window, "exclusive-or");
    } else {
        Project project = openTemplate("multilayer-perceptron");
        test::set(project, "epochs", std::int64_t{100'000});
        window.document().openUnsaved(project);
        window.document().undoStack().clear(); // as a template is opened: nothing was edited
    }
    pressKey(window, Qt::Key_F5);
    const auto isThere = [&] {
        return ends ? window.session().state() == TrainingState::Finished
                    : window.document().isTrainedUnsaved() && window.session().currentStep() > 200;
    };
    if (!QTest::qWaitFor(isThere, kTrainingPatience))
        return 1;
    std::puts("now");
    std::fflush(stdout);
    return QApplication::exec();
}

} // namespace

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.value(1) == QStringLiteral("--train-until")) {
        test::liveIn(arguments.value(3));
        return trainUntil(arguments.value(2));
    }
    TestUnsaved tests;
    QTEST_SET_MAIN_SOURCE_PATH
    return QTest::qExec(&tests, argc, argv);
}

#include "tst_unsaved.moc"
