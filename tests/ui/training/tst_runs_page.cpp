// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/project/project_file.h"
#include "engine/project/run_label.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"
#include "tests/support/modal_answers.h"
#include "tests/support/own_home.h"
#include "tests/support/small_jobs.h"
#include "ui/plots/curve_plot.h"
#include "ui/runs/run_comparison.h"
#include "ui/runs/runs_panel.h"
#include "ui/runs/training_course.h"
#include "ui/theme/theme_manager.h"
#include "ui/training/train_page.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QDesktopServices>
#include <QFrame>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <QToolButton>

#include <algorithm>
#include <filesystem>
#include <memory>

using namespace gradwright;

namespace {

constexpr int kPatience = 30'000; // ms: the machine may be busy

/// Two epochs of a run, in which loss and accuracy depend on `loss`.
std::string metricsOf(double loss) {
    std::string lines;
    const auto add = [&](const Json& line) { lines += line.dump() + "\n"; };
    for (int step = 1; step <= 8; ++step)
        add({{"step", step},
             {"epoch", step / 4.0},
             {"loss", loss + 1.0 / step},
             {"accuracy", 1 - loss},
             {"learning_rate", 0.01},
             {"seconds", 10.0 * step},
             {"gradient_norms", {1, 1, 1, 1}}});
    for (int epoch = 1; epoch <= 2; ++epoch)
        add({{"step", 4 * epoch},
             {"epoch", epoch},
             {"epoch_loss", loss + 0.1},
             {"epoch_accuracy", 1 - loss},
             {"validation_loss", loss},
             {"validation_accuracy", 1 - loss},
             {"best", true}});
    return lines;
}

/// The page on a project with runs that were made before.
struct Rig {
    Rig(ThemeManager& theme, int runs)
        : document(folder / "autosave") {
        auto project = test::smallProject();
        for (int i = 0; i < runs; ++i) {
            project.training.params["learning_rate"] = 0.01 * (i + 1);
            const auto time = std::chrono::system_clock::from_time_t(1'700'000'000 + 60 * i);
            const auto run = RunDirectory::create(folder / "small.runs", "small", time);
            writeFileAtomically(run.metrics(), metricsOf(0.1 * (i + 1)));
            run.writeRunJson({{"name", project.name},
                              {"project", toJson(project)},
                              {"result",
                               {{"epochs", 2},
                                {"seconds", 81.5},
                                {"test_loss", 0.5},
                                {"test_accuracy", 0.875}}}});
        }
        saveProject(folder / "small.gradwright", test::smallProject());
        document.open(folder / "small.gradwright");
        page = std::make_unique<TrainPage>(document, theme, session);
        page->resize(1440, 820);
        page->show();
        page->activateWindow();
        if (!QTest::qWaitForWindowActive(page.get()))
            qFatal("the window does not become active");
    }

    RunsPanel& panel() const { return page->runs(); }
    RunList& list() const { return page->runs().list(); }
    std::filesystem::path folderOf(int row) const {
        return panel().runs()[static_cast<std::size_t>(row)].folder;
    }
    bool waitFor(std::size_t runs) const {
        return QTest::qWaitFor([&] { return panel().runs().size() == runs; }, kPatience);
    }
    QPoint in(int row, int x = 120) const {
        const QRect rect = list().visualItemRect(list().item(row));
        return {x, rect.center().y()};
    }
    void tick(int row) const {
        QTest::mouseClick(list().viewport(), Qt::LeftButton, {}, in(row, 20));
    }
    /// Opens the menu of a row with the right button and takes an entry with the left one.
    void choose(int row, const char* entry) const {
        QTest::mouseClick(list().viewport(), Qt::RightButton, {}, in(row));
        QContextMenuEvent event(QContextMenuEvent::Mouse, in(row),
                                list().viewport()->mapToGlobal(in(row)));
        QApplication::sendEvent(list().viewport(), &event);
        auto* const menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        QVERIFY(menu != nullptr);
        auto* const action = menu->findChild<QAction*>(QLatin1String(entry));
        QVERIFY2(action != nullptr && action->isEnabled(), entry);
        QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
    }
    QString banner() const {
        auto* const found = page->findChild<QFrame*>(QStringLiteral("failure"));
        QString text;
        if (found->isVisible())
            for (const auto* const label : found->findChildren<QLabel*>())
                text += label->text();
        return text;
    }

    test::TemporaryFolder folder;
    ProjectDocument document;
    TrainingSession session;
    std::unique_ptr<TrainPage> page;
};

} // namespace

/// Names, notes, comparison, settings, folders and the trash of runs, with mouse and keys.
class RunsPageTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { test::liveIn(QString::fromStdString(home_.path())); }

    void aRunIsRenamedInItsRow() {
        Rig rig(theme_, 2);
        QVERIFY(rig.waitFor(2));
        rig.list().setFocus();
        QTest::keyClick(&rig.list(), Qt::Key_F2);
        auto* edit = rig.list().findChild<QLineEdit*>(QStringLiteral("runName"));
        QVERIFY(edit != nullptr);
        QTest::keyClicks(edit, QStringLiteral("with warm-up"));
        QTest::keyClick(edit, Qt::Key_Return);
        QTRY_COMPARE_WITH_TIMEOUT(rig.panel().runs()[0].name, std::string("with warm-up"),
                                  kPatience);
        QCOMPARE(titleOf(rig.panel().runs()[0]), QStringLiteral("with warm-up"));
        // The other one keeps its own, with the time that tells it from others.
        QCOMPARE(rig.panel().runs()[1].name, std::string("small"));
        QVERIFY(titleOf(rig.panel().runs()[1]).contains(u':'));
        QCOMPARE(labelOf(RunDirectory::open(rig.folderOf(0))).name, std::string("with warm-up"));

        rig.choose(1, "renameRun");
        edit = rig.list().findChild<QLineEdit*>(QStringLiteral("runName"));
        QVERIFY(edit != nullptr);
        QTest::keyClicks(edit, QStringLiteral("not taken"));
        QTest::keyClick(edit, Qt::Key_Escape);
        QVERIFY(!rig.panel().runs()[1].isNamed);
        QVERIFY(!std::filesystem::exists(labelFileOf(RunDirectory::open(rig.folderOf(1)))));
    }

    void aNoteIsKeptAndShown() {
        Rig rig(theme_, 1);
        QVERIFY(rig.waitFor(1));
        test::ModalAnswers answers;
        answers.see([](QWidget& dialog) {
            auto* const text = dialog.findChild<QPlainTextEdit*>();
            QVERIFY(text != nullptr);
            QTest::keyClicks(text, QStringLiteral("more dropout"));
            for (auto* const button : dialog.findChildren<QPushButton*>())
                if (button->isDefault())
                    return QTest::mouseClick(button, Qt::LeftButton);
            QFAIL("no default button");
        });
        rig.choose(0, "noteRun");
        QTRY_COMPARE_WITH_TIMEOUT(rig.panel().runs()[0].note, std::string("more dropout"),
                                  kPatience);
        QVERIFY(rig.list()
                    .item(0)
                    ->data(RunSubtitle)
                    .toString()
                    .contains(QStringLiteral("more dropout")));
        QVERIFY(rig.list().item(0)->toolTip().contains(QStringLiteral("more dropout")));
    }

    void allPlotsAreSavedFromOneButton() {
        Rig rig(theme_, 1);
        QVERIFY(rig.waitFor(1));
        auto* const button = rig.page->findChild<QToolButton*>(QStringLiteral("savePlots"));
        QStringList offered;
        QTimer::singleShot(100, this, [&] {
            auto* const menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
            if (menu == nullptr)
                return;
            for (const QAction* const action : menu->actions())
                offered << action->text();
            menu->close();
        });
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(offered, (QStringList{QStringLiteral("Save loss plot…"),
                                       QStringLiteral("Save accuracy plot…"),
                                       QStringLiteral("Save gradient plot…")}));
    }

    void twoRunsAreCompared() {
        Rig rig(theme_, 2);
        QVERIFY(rig.waitFor(2));
        auto* const button = rig.page->findChild<QPushButton*>(QStringLiteral("compareRuns"));
        // It opens the list of other runs, which takes the mouse until one is chosen.
        qsizetype offered = 0;
        QString entry;
        QTimer::singleShot(100, this, [&] {
            auto* const menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
            if (menu == nullptr)
                return;
            offered = menu->actions().size();
            entry = menu->actions().front()->text();
            QTest::mouseClick(menu, Qt::LeftButton, {},
                              menu->actionGeometry(menu->actions().front()).center());
        });
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(offered, 1);
        QVERIFY2(entry.endsWith(QStringLiteral(", Adam 0.01")), qPrintable(entry));
        auto* const dialog = rig.page->findChild<RunComparison*>();
        QVERIFY(dialog != nullptr && dialog->isVisible());
        // The older one stands first.
        const QString text = dialog->text();
        QVERIFY2(text.contains(QStringLiteral("Learning rate\t0.01\t0.02\n")), qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("Best accuracy\t90.00 %\t80.00 %\n")),
                 qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("Network\nNo difference")), qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("Training time\t1 min 22 s\t1 min 22 s\n")),
                 qPrintable(text));
        QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("copyComparison")),
                          Qt::LeftButton);
        QCOMPARE(QApplication::clipboard()->text(), text);
    }

    /// Beside its quality a run has little room; what tells it from others needs more.
    void theSecondLineHasTheWholeRow() {
        Rig rig(theme_, 2);
        QVERIFY(rig.waitFor(2));
        const auto run = RunDirectory::open(rig.folderOf(0));
        auto label = labelOf(run);
        label.note = "with half of the data and twice the steps";
        writeLabel(run, label);
        Q_EMIT rig.panel().changedOnDisk();
        QTRY_VERIFY(rig.list()
                        .item(0)
                        ->data(RunSubtitle)
                        .toString()
                        .contains(QStringLiteral("half of the data")));
        // Ink on the second line, below the columns of the figures.
        const QImage shown = rig.list().viewport()->grab().toImage();
        const QRect row = rig.list().visualItemRect(rig.list().item(0));
        const double scale = shown.devicePixelRatio();
        const auto at = [&](int x, int y) {
            return shown.pixelColor(qRound(x * scale), qRound(y * scale));
        };
        const QColor ground = at(row.right() - 2, row.bottom() - 2);
        int ink = 0;
        for (int y = row.top() + 31; y < row.top() + 37; ++y)
            for (int x = row.right() - kRunLossWidth - kRunQualityWidth; x < row.right() - 20; ++x)
                ink += at(x, y) == ground ? 0 : 1;
        QVERIFY2(ink > 40, qPrintable(QString::number(ink)));
    }

    void settingsAreTakenAndUndone() {
        Rig rig(theme_, 2);
        QVERIFY(rig.waitFor(2));
        const auto before = rig.document.project().training;
        rig.choose(0, "restoreSettings");
        QCOMPARE(rig.document.project().training.learningRate(), 0.02);
        rig.choose(1, "restoreSettings");
        QCOMPARE(rig.document.project().training.learningRate(), 0.01);
        rig.document.undoStack().undo();
        rig.document.undoStack().undo();
        QVERIFY(rig.document.project().training == before);
    }

    void theProjectIsOpenedAsItWas() {
        Rig rig(theme_, 2);
        QVERIFY(rig.waitFor(2));
        Project opened;
        connect(rig.page.get(), &TrainPage::runProjectWanted, this,
                [&](const Project& project) { opened = project; });
        rig.choose(0, "openAsItWas");
        QCOMPARE(opened.training.learningRate(), 0.02);
        QVERIFY(opened.network == test::smallProject().network);
        QVERIFY(!opened.uuid.empty() && opened.uuid != rig.document.project().uuid);
    }

    void aFolderThatCannotBeShownIsReported() {
        Rig rig(theme_, 1);
        QVERIFY(rig.waitFor(1));
        const auto path = QString::fromStdString(rig.folderOf(0).string());
        // Offscreen there is nothing that could open it.
        rig.choose(0, "openFolder");
        QVERIFY2(rig.banner().contains(path), qPrintable(rig.banner()));
        QDesktopServices::setUrlHandler(QStringLiteral("file"), this, "take");
        auto* const button = rig.page->findChild<QPushButton*>(QStringLiteral("openRunFolder"));
        QTest::mouseClick(button, Qt::LeftButton);
        QDesktopServices::unsetUrlHandler(QStringLiteral("file"));
        QCOMPARE(taken_, QUrl::fromLocalFile(path));
        std::filesystem::remove_all(rig.folderOf(0));
        QTest::mouseClick(button, Qt::LeftButton);
        QVERIFY2(rig.banner().contains(QStringLiteral("gone")), qPrintable(rig.banner()));
        rig.choose(0, "copyPath");
        QCOMPARE(QApplication::clipboard()->text(), path);
    }

    void theTrashGivesARunBack() {
        Rig rig(theme_, 2);
        QVERIFY(rig.waitFor(2));
        const auto folder = rig.folderOf(1);
        rig.tick(1);
        rig.choose(1, "trashRun");
        QVERIFY2(!std::filesystem::exists(folder), qPrintable(rig.banner()));
        QVERIFY(rig.waitFor(1));
        QVERIFY(rig.panel().ticked().empty());
        auto* const undo = rig.page->findChild<QPushButton*>(QStringLiteral("undoTrash"));
        QVERIFY(undo != nullptr && undo->isVisible());
        QTest::mouseClick(undo, Qt::LeftButton);
        QVERIFY(rig.waitFor(2));
        QVERIFY(std::filesystem::exists(folder / "metrics.jsonl"));
        QVERIFY(!undo->isVisible());
    }

    /// Someone else writes it.
    void aRunThatIsBeingWrittenStays() {
        Rig rig(theme_, 1);
        QVERIFY(rig.waitFor(1));
        const auto folder = rig.folderOf(0);
        const auto lock = RunDirectory::open(folder).lock();
        rig.choose(0, "trashRun");
        QVERIFY(std::filesystem::exists(folder));
        QVERIFY2(rig.banner().contains(QStringLiteral("being written")), qPrintable(rig.banner()));
    }

    void anyNumberOfRunsIsLaidOver() {
        Rig rig(theme_, 6);
        QVERIFY(rig.waitFor(6));
        for (int row = 1; row < 6; ++row)
            rig.tick(row);
        QCOMPARE(rig.panel().ticked().size(), 5U);
        std::vector<CurveRole> roles;
        for (const auto& each : rig.panel().ticked())
            roles.push_back(each.role);
        std::ranges::sort(roles);
        QVERIFY(std::ranges::adjacent_find(roles) == roles.end());
        const auto& legend = rig.page->course().loss().legend();
        QTRY_COMPARE(legend.entries().size(), 7U);
        rig.tick(3);
        QTRY_COMPARE(legend.entries().size(), 6U);
    }

public Q_SLOTS:
    void take(const QUrl& url) { taken_ = url; }

private:
    test::TemporaryFolder home_;
    ThemeManager theme_{*qApp, ThemeChoice::Dark};
    QUrl taken_;
};

QTEST_MAIN(RunsPageTest)
#include "tst_runs_page.moc"
