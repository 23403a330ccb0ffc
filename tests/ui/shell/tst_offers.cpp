// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "tests/support/own_home.h"
#include "tests/support/small_jobs.h"
#include "ui/shell/interrupted_training.h"
#include "ui/shell/main_window.h"
#include "ui/shell/recovery_dialog.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QTextBrowser>
#include <QTimer>

#include <memory>

using namespace gradwright;

namespace {

constexpr int kPatience = 60'000; // ms: the machine may be busy

} // namespace

/// What a start finds of the program before it: a training that was cut off, unsaved work.
class TestOffers : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;

    [[nodiscard]] std::filesystem::path path(const char* name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }
    /// A project that trains for hours.
    [[nodiscard]] QString longProject(const char* name) const {
        Project project = test::smallProject(2000, 0.1);
        test::set(project, "epochs", std::int64_t{100'000});
        saveProject(path(name), project);
        return QString::fromStdString(path(name).string());
    }
    std::unique_ptr<MainWindow> openWindow() {
        auto window = std::make_unique<MainWindow>(*themes_);
        window->show();
        return window;
    }
    static void trainForAWhile(MainWindow& window) {
        window.training().start();
        QTRY_VERIFY_WITH_TIMEOUT(window.session().currentStep() > 20, kPatience);
    }
    static QPushButton* button(QWidget& window, const char* name) {
        return window.findChild<QPushButton*>(QLatin1String(name));
    }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() { QSettings().clear(); }

    void aTrainingThatWasCutOffGoesOn() {
        auto window = openWindow();
        window->openFile(longProject("cut.gradwright"));
        trainForAWhile(*window);
        const auto run = window->session().run();
        window.reset(); // while it trains

        window = openWindow();
        auto* const go = button(*window, "noticeAction");
        QVERIFY(!go->isVisible());
        window->offerRecovery();
        QTRY_VERIFY_WITH_TIMEOUT(go->isVisible(), kPatience);
        QTest::mouseClick(go, Qt::LeftButton);
        QVERIFY(!go->isVisible());
        TrainingSession& session = window->session();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Running, kPatience);
        QCOMPARE(window->document().file().value(), path("cut.gradwright"));
        QCOMPARE(session.run(), run);
        QVERIFY(session.currentStep() >= 20);
        session.stop();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Stopped, kPatience);

        // It was stopped on purpose: the next start has nothing to say.
        QVERIFY(QSettings().value(QStringLiteral("interruptedTraining")).toMap().isEmpty());
    }

    /// Who trains something else has answered, but not for good.
    void theOfferGoesWhenSomethingElseIsTrained() {
        auto window = openWindow();
        window->openFile(longProject("left.gradwright"));
        trainForAWhile(*window);
        window.reset();
        window = openWindow();
        window->offerRecovery();
        QTRY_VERIFY_WITH_TIMEOUT(button(*window, "noticeAction")->isVisible(), kPatience);
        window->openFile(longProject("other.gradwright"));
        QVERIFY(button(*window, "noticeAction")->isVisible());
        trainForAWhile(*window);
        QVERIFY(!button(*window, "noticeAction")->isVisible());
        window->session().stop();
        QTRY_COMPARE_WITH_TIMEOUT(window->session().state(), TrainingState::Stopped, kPatience);
        window = openWindow();
        window->offerRecovery();
        QTRY_VERIFY_WITH_TIMEOUT(button(*window, "noticeAction")->isVisible(), kPatience);
    }

    void whatIsNotWantedIsNotOfferedAgain() {
        auto window = openWindow();
        window->openFile(longProject("unwanted.gradwright"));
        trainForAWhile(*window);
        window.reset();
        window = openWindow();
        window->offerRecovery();
        auto* const no = button(*window, "noticeDismiss");
        QTRY_VERIFY_WITH_TIMEOUT(no->isVisible(), kPatience);
        QTest::mouseClick(no, Qt::LeftButton);
        QVERIFY(!no->isVisible());
        QVERIFY(QSettings().value(QStringLiteral("interruptedTraining")).toMap().isEmpty());
    }

    void aRunOfAProjectWithoutFileBringsTheProject() {
        Project project = loadProject(longProject("source.gradwright").toStdString());
        project.name = "never saved";
        std::filesystem::path run;
        {
            auto window = openWindow();
            window->document().openUnsaved(project);
            trainForAWhile(*window);
            run = window->session().run();
        }
        auto window = openWindow();
        window->offerRecovery();
        auto* const go = button(*window, "noticeAction");
        QTRY_VERIFY_WITH_TIMEOUT(go->isVisible(), kPatience);
        QTest::mouseClick(go, Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(window->session().state(), TrainingState::Running, kPatience);
        QVERIFY(window->document().project() == project);
        QVERIFY(!window->document().file());
        QVERIFY(window->document().isModified());
        QCOMPARE(window->session().run(), run);
    }

    void unsavedWorkIsShownBesideTheFile_data() {
        QTest::addColumn<QByteArray>("pressed");
        QTest::addColumn<bool>("unsaved");
        QTest::addColumn<bool>("kept");
        QTest::newRow("open unsaved work") << QByteArray("openUnsaved") << true << false;
        QTest::newRow("open the saved file") << QByteArray("openSaved") << false << true;
        QTest::newRow("later") << QByteArray("later") << false << true;
        QTest::newRow("discard") << QByteArray("discard") << false << false;
    }
    void unsavedWorkIsShownBesideTheFile() {
        QFETCH(const QByteArray, pressed);
        QFETCH(const bool, unsaved);
        QFETCH(const bool, kept);
        const auto file = path("crashed.gradwright");
        std::filesystem::remove_all(defaultAutosaveFolder());
        const auto left = defaultAutosaveFolder() / "left.gradwright";
        Project lost;
        {
            saveProject(file, test::smallProject());
            ProjectDocument document;
            document.open(file);
            const Node* const hidden = document.project().network.main.findByName("hidden");
            document.perform(QStringLiteral("Units"),
                             {NetworkEdit{SetParam{"", hidden->id, "units", std::int64_t{99}}}});
            document.autosaveNow();
            lost = document.project();
            std::filesystem::copy_file(defaultAutosaveFolder() / (lost.uuid + ".gradwright"), left);
        }
        auto window = openWindow();
        QString changes;
        QString focused;
        QTimer::singleShot(0, this, [&] {
            auto* const dialog = qobject_cast<RecoveryDialog*>(QApplication::activeModalWidget());
            QVERIFY(dialog != nullptr);
            changes = dialog->findChild<QTextBrowser*>(QStringLiteral("changes"))->toPlainText();
            if (dialog->focusWidget() != nullptr)
                focused = dialog->focusWidget()->objectName();
            QTest::mouseClick(button(*dialog, pressed.constData()), Qt::LeftButton);
        });
        window->offerRecovery();
        QCOMPARE(changes, QStringLiteral("hidden: Units 99, was 16"));
        // The first key that is pressed loses nothing.
        QCOMPARE(focused, QStringLiteral("openUnsaved"));
        const bool opened = pressed.startsWith("open");
        QCOMPARE(window->document().file().has_value(), opened);
        if (opened)
            QVERIFY(window->document().project() == (unsaved ? lost : loadProject(file)));
        QCOMPARE(window->document().isModified(), unsaved);
        QCOMPARE(std::filesystem::exists(left), kept);
    }
};

QTEST_MAIN(TestOffers)
#include "tst_offers.moc"
