// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/design/design_page.h"
#include "ui/optimization/optimization_dialog.h"

#include <QLabel>
#include <QListWidget>
#include <QMenuBar>
#include <QPushButton>
#include <QTableWidget>
#include <QTemporaryDir>

using namespace gradwright;

/// "Optimize for inference", with mouse and keys.
class OptimizationTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    OptimizationDialog* dialog() const { return window_->findChild<OptimizationDialog*>(); }
    void open() {
        QAction* found = nullptr;
        for (QAction* const each : window_->findChildren<QAction*>())
            if (each->text() == QStringLiteral("Optimize for inference…"))
                found = each;
        QVERIFY(found != nullptr);
        found->trigger();
        QVERIFY(QTest::qWaitForWindowActive(dialog()));
        waitForFigures();
    }
    void waitForFigures() const { QTRY_VERIFY(dialog()->measureButton().isEnabled()); }
    int rowOf(const char* pass) const {
        auto& table = dialog()->passes();
        for (int row = 0; row < table.rowCount(); ++row)
            if (table.item(row, 0)->text() == QLatin1String(pass))
                return row;
        return -1;
    }
    QString figure(const char* pass, int column = 1) const {
        return dialog()->passes().item(rowOf(pass), column)->text();
    }
    void clickRow(const char* pass) const {
        auto& table = dialog()->passes();
        QTest::mouseClick(table.viewport(), Qt::LeftButton, {},
                          table.visualItemRect(table.item(rowOf(pass), 1)).center());
    }
    /// Its box, by the keyboard.
    void toggle(const char* pass) const {
        auto& table = dialog()->passes();
        table.setFocus();
        table.setCurrentCell(rowOf(pass), 0);
        QTest::keyClick(&table, Qt::Key_Space);
    }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->resize(1440, 900);
        window_->show();
        QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    }
    void cleanup() { window_.reset(); }

    /// LeNet-5: two convolutions and two dense layers take their activations in.
    void saysWhatBecomesOne() {
        test::chooseTemplate(*window_, "lenet-5");
        open();
        QCOMPARE(figure("Fuse products"), QStringLiteral("4"));
        QCOMPARE(figure("Fuse products", 2), QStringLiteral("4"));
        QCOMPARE(figure("Fold normalization"), QStringLiteral("0"));
        // Two convolutions, two pools, three dense layers, softmax; the activations are gone.
        QVERIFY2(dialog()->summary().text().startsWith(QStringLiteral("12 → 8 layers")),
                 qPrintable(dialog()->summary().text()));
        clickRow("Fuse products");
        QCOMPARE(dialog()->merges().count(), 4);
        QVERIFY(dialog()->merges().item(0)->text().contains(QStringLiteral(" + ")));
        clickRow("Fold normalization");
        QCOMPARE(dialog()->merges().count(), 1);
        QVERIFY(dialog()->merges().item(0)->text().contains(QStringLiteral("nothing")));
    }

    void passesAreSwitchedOffAndOn() {
        test::chooseTemplate(*window_, "lenet-5");
        open();
        toggle("Fuse products");
        QTRY_VERIFY2(dialog()->summary().text().startsWith(QStringLiteral("12 → 12 layers")),
                     qPrintable(dialog()->summary().text()));
        QVERIFY(figure("Fuse products").isEmpty());
        QTRY_COMPARE(dialog()->merges().item(0)->text(), QStringLiteral("It is switched off."));
        toggle("Fuse products");
        QTRY_VERIFY(dialog()->summary().text().startsWith(QStringLiteral("12 → 8 layers")));
    }

    void followsTheNetwork() {
        test::chooseTemplate(*window_, "lenet-5");
        open();
        const auto& main = window_->document().project().network.main;
        NetworkEdit::Group cut;
        for (const auto& [id, node] : main.nodes())
            if (const auto* const use = node.layerUse(); use && use->layer == "softmax")
                for (const auto& link : main.linksOf(id))
                    cut.push_back({RemoveLink{"", link}});
        QVERIFY(!cut.empty());
        window_->document().perform(QStringLiteral("Cut"), {NetworkEdit{cut}});
        QTRY_VERIFY(dialog()->summary().text().contains(QStringLiteral("cannot run as it is")));
        QVERIFY(!dialog()->measureButton().isEnabled());
        window_->document().undoStack().undo();
        QTRY_VERIFY(dialog()->summary().text().startsWith(QStringLiteral("12 → 8 layers")));
    }

    void measuresBothInTurns() {
        test::chooseTemplate(*window_, "lenet-5");
        open();
        QTest::mouseClick(&dialog()->measureButton(), Qt::LeftButton);
        QCOMPARE(dialog()->measureButton().text(), QStringLiteral("Stop"));
        QTRY_VERIFY_WITH_TIMEOUT(
            dialog()->times().text().contains(QStringLiteral("32 samples at once")),
            test::kTrainingPatience);
        QVERIFY(dialog()->times().text().contains(QStringLiteral("One sample: ")));
        QCOMPARE(dialog()->measureButton().text(), QStringLiteral("Measure"));
        // Stopped, and closed in the middle.
        QTest::mouseClick(&dialog()->measureButton(), Qt::LeftButton);
        QTest::mouseClick(&dialog()->measureButton(), Qt::LeftButton);
        QCOMPARE(dialog()->times().text(), QStringLiteral("Stopped."));
        QTest::mouseClick(&dialog()->measureButton(), Qt::LeftButton);
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QTRY_VERIFY(dialog() == nullptr);
    }

    void aNetworkThatCannotRunIsSaidToBe() {
        QAction* found = nullptr;
        for (QAction* const each : window_->findChildren<QAction*>())
            if (each->text() == QStringLiteral("Optimize for inference…"))
                found = each;
        QVERIFY(found != nullptr);
        found->trigger(); // an empty canvas
        QTRY_VERIFY(dialog()->summary().text().contains(QStringLiteral("cannot run as it is")));
        QVERIFY(!dialog()->measureButton().isEnabled());
    }
};

QTEST_MAIN(OptimizationTest)
#include "tst_optimization.moc"
