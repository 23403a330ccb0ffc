// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/modal_answers.h"
#include "tests/support/own_home.h"
#include "tests/ui/shell/spoken_faults.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/canvas/quick_add.h"
#include "ui/design/design_page.h"
#include "ui/devices/devices_dialog.h"
#include "ui/formats/formats_dialog.h"
#include "ui/optimization/optimization_dialog.h"
#include "ui/quantization/quantization_dialog.h"
#include "ui/runs/run_comparison.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/glossary_dialog.h"
#include "ui/shell/keep_dialog.h"
#include "ui/shell/recovery_dialog.h"
#include "ui/shell/remove_runs.h"
#include "ui/shell/shortcuts_dialog.h"
#include "ui/shell/tour.h"
#include "ui/shell/unsaved_dialog.h"

#include <QAction>
#include <QInputDialog>
#include <QTemporaryDir>

#include <functional>
#include <map>

using namespace gradwright;

/// What assistive technology is told of each dialog.
class AccessibleDialogsTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    /// A command of the menus.
    void command(const QString& text) const {
        for (auto* const action : window_->findChildren<QAction*>())
            if (action->text().startsWith(text))
                return action->trigger();
        QFAIL(qPrintable(text));
    }
    template <class Dialog>
    [[nodiscard]] QWidget* opened() const {
        return window_->findChild<Dialog*>();
    }
    void pressKey(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) const {
        test::pressKey(*window_, key, modifiers);
    }
    void check(QWidget& dialog) const {
        QVERIFY(dialog.isVisible());
        QAccessibleInterface* const told = QAccessible::queryAccessibleInterface(&dialog);
        QVERIFY2(!told->text(QAccessible::Name).isEmpty(), dialog.metaObject()->className());
        if (dialog.isWindow())
            QVERIFY2(told->role() == QAccessible::Dialog ||
                         told->role() == QAccessible::AlertMessage,
                     qPrintable(test::describe(*told)));
        QCOMPARE(test::faults(dialog).join(u'\n'), QString());
        int focusable = 0;
        test::walk(*told, [&](QAccessibleInterface& element) {
            focusable += element.state().focusable ? 1 : 0;
        });
        QVERIFY(focusable > 0);
    }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->setWindowState(Qt::WindowNoState);
        window_->resize(1440, 900);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void dialogs_data() {
        QTest::addColumn<std::function<QWidget*()>>("open");
        using Open = std::function<QWidget*()>;
        const auto row = [](const char* name, Open open) { QTest::newRow(name) << open; };
        row("commands", [this] {
            pressKey(Qt::Key_K, Qt::ControlModifier);
            return opened<CommandPalette>();
        });
        row("keys", [this] {
            pressKey(Qt::Key_F1, Qt::ControlModifier);
            return opened<ShortcutsDialog>();
        });
        row("glossary", [this] {
            window_->showGlossary();
            return opened<GlossaryDialog>();
        });
        row("layers to add", [this] {
            QTest::keyClick(&window_->design().view(), Qt::Key_A);
            return opened<QuickAdd>();
        });
        row("devices", [this] {
            command(QStringLiteral("Devices"));
            return opened<DevicesDialog>();
        });
        row("optimizing", [this] {
            command(QStringLiteral("Optimize for inference"));
            return opened<OptimizationDialog>();
        });
        row("quantizing", [this] {
            command(QStringLiteral("Quantize"));
            return opened<QuantizationDialog>();
        });
        row("number formats", [this] {
            command(QStringLiteral("Network in other number formats"));
            return opened<FormatsDialog>();
        });
        row("unsaved networks", [this] {
            command(QStringLiteral("Unsaved trained networks"));
            return opened<UnsavedDialog>();
        });
        row("tour", [this] {
            window_->startTour();
            return opened<Tour>();
        });
        row("recovery", [this] {
            auto* const dialog = new RecoveryDialog(
                {{"lenet.autosave", QStringLiteral("LeNet-5"), {}, QDateTime::currentDateTime()},
                 {"xor.autosave", QStringLiteral("XOR"), {}, QDateTime::currentDateTime()}},
                *themes_, window_.get());
            dialog->show();
            return dialog;
        });
        row("comparison of runs", [this] {
            const Project project = window_->document().project();
            auto* const dialog =
                new RunComparison({RunHistory(), project}, {RunHistory(), project}, window_.get());
            dialog->show();
            return dialog;
        });
        row("what becomes of runs", [this] {
            auto* const dialog = new KeepDialog(
                {QStringLiteral("LeNet-5"), QStringLiteral("Its training stops."), {}},
                window_.get());
            dialog->show();
            return dialog;
        });
    }
    void dialogs() {
        QFETCH(const std::function<QWidget*()>, open);
        test::chooseTemplate(*window_, "lenet-5");
        QWidget* const dialog = open();
        QVERIFY(dialog != nullptr);
        QTest::qWait(50);
        check(*dialog);
    }

    /// Those that wait for their answer.
    void questions_data() {
        QTest::addColumn<std::function<void()>>("ask");
        using Ask = std::function<void()>;
        QTest::newRow("unsaved changes") << Ask([this] {
            DataChoice data = window_->document().project().data;
            data.limit = 500;
            window_->document().perform(QStringLiteral("Limit"), {SetData{data}});
            window_->close();
        });
        QTest::newRow("about") << Ask([this] { command(QStringLiteral("About")); });
        QTest::newRow("removal of runs") << Ask([this] {
            RunRemoval removal;
            removal.title = QStringLiteral("LeNet-5");
            removal.facts = QStringLiteral("1 run");
            static_cast<void>(removeRuns(*window_, removal));
        });
        QTest::newRow("times of a block") << Ask([this] {
            window_->document().newFromTemplate("vgg-16");
            const Graph& graph = window_->document().project().network.main;
            for (const auto& [id, node] : graph.nodes())
                if (node.blockUse() != nullptr)
                    window_->design().scene().selectNodes({id});
            command(QStringLiteral("Repeat"));
        });
    }
    void questions() {
        QFETCH(const std::function<void()>, ask);
        test::chooseTemplate(*window_, "lenet-5");
        int seen = 0;
        test::ModalAnswers answers;
        answers.see([&](QWidget& dialog) {
            ++seen;
            check(dialog);
        });
        answers.key(Qt::Key_Escape);
        ask();
        QCOMPARE(seen, 1);
        QVERIFY(answers.isDone());
    }
};

QTEST_MAIN(AccessibleDialogsTest)
#include "tst_accessible_dialogs.moc"
