// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "tests/support/own_home.h"
#include "ui/inference/inference_page.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/device_chip.h"
#include "ui/shell/main_window.h"
#include "ui/shell/shortcuts_dialog.h"
#include "ui/shell/welcome_page.h"
#include "ui/theme/fuzzy.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>

#include <map>
#include <memory>
#include <tuple>

using namespace gradwright;

/// Commands found by name, the list of keys, the device chip and the figures at the bottom.
class TestCommands : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->document().newFromTemplate("lenet-5");
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void fuzzyMatchesWordsAndRuns() {
        const QString text = QStringLiteral("Batch normalization");
        QVERIFY(!fuzzyScore(text, QStringLiteral("xyz")));
        QVERIFY(!fuzzyScore(text, QStringLiteral("nb"))); // the order counts
        QCOMPARE(fuzzyScore(text, QString()).value(), 0);
        const int words = fuzzyScore(text, QStringLiteral("bn")).value();
        const int inside = fuzzyScore(text, QStringLiteral("hz")).value();
        const int run = fuzzyScore(text, QStringLiteral("norm")).value();
        const int scattered = fuzzyScore(text, QStringLiteral("nmzt")).value();
        QVERIFY(words > inside);
        QVERIFY(run > scattered);
        QCOMPARE(fuzzyScore(text, QStringLiteral("BATCH n")).value(),
                 fuzzyScore(text, QStringLiteral("batchn")).value());
    }

    void aCommandIsFoundAndRun() {
        QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
        auto* const palette = window_->findChild<CommandPalette*>();
        QVERIFY(palette != nullptr);
        auto* const search = palette->findChild<QLineEdit*>();
        auto* const list = palette->findChild<QListWidget*>();
        const int all = list->count();
        QVERIFY(all > 20);
        QTest::keyClicks(search, QStringLiteral("infer"));
        QVERIFY(list->count() < all);
        QCOMPARE(list->currentItem()->text(), QStringLiteral("Inference"));
        QTest::keyClick(search, Qt::Key_Return);
        QVERIFY(window_->inference().isVisible());
        QTRY_VERIFY(window_->findChild<CommandPalette*>() == nullptr);
    }

    void templatesLayersAndSettingsAreFound() {
        const auto find = [&](const char* typed) {
            window_->activateWindow(); // the list before had the focus
            if (!QTest::qWaitForWindowActive(window_.get()))
                qFatal("the window does not become active");
            QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
            auto* const palette = window_->findChild<CommandPalette*>();
            auto* const search = palette->findChild<QLineEdit*>();
            QTest::keyClicks(search, QLatin1String(typed));
            QStringList found;
            const auto* const list = palette->findChild<QListWidget*>();
            for (int i = 0; i < list->count(); ++i)
                found << list->item(i)->text();
            return std::pair(found, search);
        };
        const auto closed = [&] { return window_->findChild<CommandPalette*>() == nullptr; };
        auto* const gallery = window_->findChild<WelcomePage*>();
        QTRY_VERIFY_WITH_TIMEOUT(gallery->templateNames().size() == templates().size(), 60'000);
        // What is listed has to do with what is typed.
        auto [found, search] = find("lenet");
        QVERIFY(found.contains(QStringLiteral("LeNet-5")));
        for (const QString& each : found) // the window of that name, and MobileNet
            QVERIFY2(each.contains(QStringLiteral("lenet"), Qt::CaseInsensitive), qPrintable(each));
        QTest::keyClick(search, Qt::Key_Escape);
        QTRY_VERIFY(closed());
        std::tie(found, search) = find("spirals");
        QTest::keyClick(search, Qt::Key_Return);
        QCOMPARE(window_->document().project().madeFrom, std::string("two-spirals"));
        QTRY_VERIFY(closed());
        const auto layers = window_->document().project().network.main.nodes().size();
        std::tie(found, search) = find("batch norm");
        QCOMPARE(found.first(), QStringLiteral("Batch norm"));
        QTest::keyClick(search, Qt::Key_Return);
        QCOMPARE(window_->document().project().network.main.nodes().size(), layers + 1);
        window_->document().undoStack().undo();
        QTRY_VERIFY(closed());
        std::tie(found, search) = find("residual");
        QCOMPARE(found.first(), QStringLiteral("Residual block"));
        QVERIFY(found.contains(QStringLiteral("Residual link"))); // explained, further down
        QTest::keyClick(search, Qt::Key_Return);
        QVERIFY(window_->document().project().network.blocks.contains("Residual block"));
        window_->document().undoStack().undo();
        QTRY_VERIFY(closed());
        std::tie(found, search) = find("learning rate");
        QVERIFY(found.contains(QStringLiteral("Learning rate")));
        QTest::keyClick(search, Qt::Key_Return);
        QVERIFY(window_->training().isVisible());
        auto* const field =
            window_->training().findChild<QWidget*>(QStringLiteral("learning_rate"));
        QVERIFY(field->hasFocus());
        QTRY_VERIFY(closed());
        // Without a word to look for there are commands alone.
        std::tie(found, search) = find("");
        QVERIFY(!found.contains(QStringLiteral("LeNet-5")));
        QTest::keyClick(search, Qt::Key_Escape);
        QTRY_VERIFY(closed());
    }

    /// A menu that fills itself may do so while the list is open.
    void anActionThatIsGoneIsNotFound() {
        auto* const action = new QAction(QStringLiteral("Fleeting"), window_.get());
        CommandPalette palette({{QStringLiteral("Menu"), action}}, *themes_, window_.get());
        palette.setAttribute(Qt::WA_DeleteOnClose, false);
        auto* const search = palette.findChild<QLineEdit*>();
        const auto* const list = palette.findChild<QListWidget*>();
        QTest::keyClicks(search, QStringLiteral("f"));
        QCOMPARE(list->count(), 1);
        delete action;
        QTest::keyClick(search, Qt::Key_Return); // nothing to run
        QTest::keyClicks(search, QStringLiteral("l"));
        QCOMPARE(list->count(), 1);
        QCOMPARE(list->item(0)->text(), QStringLiteral("Nothing is called “fl”."));
        QVERIFY(!list->item(0)->flags().testFlag(Qt::ItemIsEnabled));
        QTest::keyClick(search, Qt::Key_Return); // is no command
    }

    void wordsAreAnsweredNotScatteredLetters() {
        const auto answers = [](const char* text, const char* typed) {
            return answersWords(QString::fromLatin1(text), QString::fromLatin1(typed));
        };
        QVERIFY(answers("Save as…", "sa"));
        QVERIFY(answers("Save as…", "saas"));
        QVERIFY(answers("Batch normalization", "norm batch"));
        QVERIFY(answers("Batch normalization", "bn"));
        QVERIFY(!answers("Leave the block", "lenet"));
        QVERIFY(!answers("Link the selected layers", "lenet"));
    }

    void aMistypedCommandDoesNothing() {
        QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
        auto* const palette = window_->findChild<CommandPalette*>();
        auto* const search = palette->findChild<QLineEdit*>();
        QTest::keyClicks(search, QStringLiteral("qqqq"));
        const auto* const list = palette->findChild<QListWidget*>();
        QCOMPARE(list->count(), 1);
        QCOMPARE(list->item(0)->text(), QStringLiteral("Nothing is called “qqqq”."));
        QTest::keyClick(search, Qt::Key_Return);
        QVERIFY(palette->isVisible());
        QTest::keyClick(search, Qt::Key_Escape);
        QTRY_VERIFY(window_->findChild<CommandPalette*>() == nullptr);
    }

    void everyShortcutIsListed() {
        QTest::keyClick(window_.get(), Qt::Key_F1, Qt::ControlModifier);
        auto* const dialog = window_->findChild<ShortcutsDialog*>();
        QVERIFY(dialog != nullptr);
        auto* const tree = dialog->findChild<QTreeWidget*>();
        QStringList keys;
        for (int i = 0; i < tree->topLevelItemCount(); ++i)
            for (int j = 0; j < tree->topLevelItem(i)->childCount(); ++j)
                keys << tree->topLevelItem(i)->child(j)->text(1);
        for (const QAction* const action : window_->findChildren<QAction*>())
            if (!action->shortcut().isEmpty() && !action->text().isEmpty())
                QVERIFY2(
                    !keys.filter(action->shortcut().toString(QKeySequence::NativeText)).isEmpty(),
                    qPrintable(action->text()));
        dialog->close();
    }

    /// Whatever would be undone now: the list says what a key is for.
    void undoIsListedByItsName() {
        auto& document = window_->document();
        DataChoice data = document.project().data;
        data.limit = 500;
        document.perform(QStringLiteral("Limit"), {SetData{data}});
        document.undoStack().undo();
        document.perform(QStringLiteral("Limit to 500"), {SetData{data}});
        QTest::keyClick(window_.get(), Qt::Key_F1, Qt::ControlModifier);
        auto* const dialog = window_->findChild<ShortcutsDialog*>();
        const auto* const tree = dialog->findChild<QTreeWidget*>();
        std::map<QString, QString> names; // by keys
        for (int i = 0; i < tree->topLevelItemCount(); ++i)
            for (int j = 0; j < tree->topLevelItem(i)->childCount(); ++j)
                names[tree->topLevelItem(i)->child(j)->text(1)] =
                    tree->topLevelItem(i)->child(j)->text(0);
        QCOMPARE(names[QStringLiteral("Ctrl+Z")], QStringLiteral("Undo"));
        QCOMPARE(names[QStringLiteral("Ctrl+Shift+Z, Ctrl+Y")], QStringLiteral("Redo"));
        QCOMPARE(names[QStringLiteral("Ctrl+K")], QStringLiteral("Find a command…"));
        dialog->close();
        // Where commands are run, it says what it would do.
        QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
        auto* const palette = window_->findChild<CommandPalette*>();
        auto* const search = palette->findChild<QLineEdit*>();
        QTest::keyClicks(search, QStringLiteral("undo limit"));
        QCOMPARE(palette->findChild<QListWidget*>()->currentItem()->text(),
                 QStringLiteral("Undo: Limit to 500"));
        QTest::keyClick(search, Qt::Key_Escape);
        document.undoStack().undo();
    }

    void theDeviceChipSetsThreads() {
        auto* const chip = window_->findChild<DeviceChip*>();
        QVERIFY(chip->text().startsWith(QStringLiteral("CPU · oneDNN")));
        Q_EMIT chip->menu()->aboutToShow();
        QAction* one = nullptr;
        for (QAction* const action : chip->menu()->actions())
            if (action->text() == QStringLiteral("1 thread"))
                one = action;
        QVERIFY(one != nullptr);
        one->trigger();
        QCOMPARE(window_->document().project().training.threads(), 1);
        QCOMPARE(chip->text(), QStringLiteral("CPU · oneDNN · 1 thread"));
        window_->document().undoStack().undo();
        QCOMPARE(window_->document().project().training.threads(), 0);
    }

    void theDeviceChipTellsThatTheComputerIsBusy() {
        auto* const chip = window_->findChild<DeviceChip*>();
        const QString quiet = chip->text();
        Q_EMIT window_->session().loadChanged({.step = 7, .threads = 2, .othersBusy = 1});
        QVERIFY2(chip->text().endsWith(QStringLiteral("2 threads, others use 1")),
                 qPrintable(chip->text()));
        QVERIFY(chip->accessibleName().contains(QStringLiteral("others use 1")));
        QVERIFY(chip->toolTip().contains(QStringLiteral("yields")));
        Q_EMIT window_->session().loadChanged({.step = 9, .threads = 1, .othersBusy = 3});
        QVERIFY(chip->text().endsWith(QStringLiteral("1 thread, others use 3")));
        Q_EMIT window_->session().stateChanged(TrainingState::Stopped); // none is active
        QCOMPARE(chip->text(), quiet);
    }

    void figuresTellWhatTrainingNeeds() {
        auto* const figures = window_->findChild<QLabel*>(QStringLiteral("figures"));
        QTRY_VERIFY(figures->text().contains(QStringLiteral("61,706")));
        QVERIFY(figures->text().contains(QStringLiteral("at batch 32")));
        QVERIFY(!figures->text().contains(QStringLiteral("fits")));
        TrainingSettings settings = window_->document().project().training;
        settings.params["batch"] = std::int64_t{1 << 20};
        // 1,048,576 samples of LeNet-5 need some 50 GB.
        window_->document().perform(QStringLiteral("Batch"), {SetTraining{settings}});
        QTRY_VERIFY(figures->text().contains(QStringLiteral("1,048,576")));
        window_->document().undoStack().undo();
    }
};

QTEST_MAIN(TestCommands)
#include "tst_commands.moc"
