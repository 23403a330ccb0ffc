// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/model/model_file.h"
#include "tests/support/modal_answers.h"
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/design/design_page.h"
#include "ui/optimization/layer_lists.h"
#include "ui/optimization/optimization_dialog.h"
#include "ui/optimization/pass_picture.h"
#include "ui/optimization/pruning_tab.h"
#include "ui/optimization/published_counts.h"

#include <QCheckBox>
#include <QLabel>
#include <QListWidget>
#include <QMenuBar>
#include <QMessageBox>
#include <QPushButton>
#include <QSlider>
#include <QTabBar>
#include <QTabWidget>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTreeWidget>

#include <algorithm>
#include <cmath>
#include <map>

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

    /// Of each pass, with an example that it changes as its text says.
    void eachPassHasAPicture() {
        test::chooseTemplate(*window_, "lenet-5");
        open();
        const std::map<std::string, std::pair<std::size_t, std::size_t>> counts{
            {"remove-idle", {6, 3}},        {"join-movements", {7, 5}}, {"share-equal-ops", {5, 4}},
            {"fold-normalization", {4, 3}}, {"fuse-products", {6, 3}},  {"merge-siblings", {7, 6}}};
        QCOMPARE(counts.size(), inferencePasses().size());
        QImage last;
        for (const InferencePass& pass : inferencePasses()) {
            clickRow(std::string(pass.title).c_str());
            auto& picture = dialog()->picture();
            QVERIFY(picture.isVisible());
            const auto& [before, after] = picture.example();
            const auto [wasBefore, wasAfter] = counts.at(std::string(pass.key));
            QVERIFY2(before.size() == wasBefore && after.size() == wasAfter,
                     qPrintable(picture.spokenText()));
            QVERIFY(std::ranges::any_of(before, &ExampleOp::isChanged));
            const auto image = picture.grab().toImage();
            QVERIFY(image != last);
            last = image;
        }
        // The shortcut and the activation are in the product now.
        clickRow("Fuse products");
        QVERIFY(dialog()->picture().example().after.back().title == "conv + add + relu");
        QVERIFY(dialog()->picture().spokenText().contains(QStringLiteral("conv + add + relu")));
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

    /// With the keyboard through the tabs, with the mouse in the lists.
    void layersStandSideBySide() {
        test::chooseTemplate(*window_, "cifar-resnet-20");
        open();
        dialog()->tabs().setFocus();
        dialog()->tabs().tabBar()->setFocus();
        QTest::keyClick(dialog()->tabs().tabBar(), Qt::Key_Right);
        QCOMPARE(dialog()->tabs().currentWidget(), &dialog()->layers());
        auto& before = dialog()->layers().list(LayerLists::kBefore);
        auto& after = dialog()->layers().list(LayerLists::kAfter);
        QVERIFY(after.topLevelItemCount() < before.topLevelItemCount());
        QTreeWidgetItem* fused = nullptr;
        for (int i = 0; i < after.topLevelItemCount() && !fused; ++i)
            if (after.topLevelItem(i)->childCount() > 0)
                fused = after.topLevelItem(i);
        QVERIFY(fused != nullptr && fused->isExpanded());
        QVERIFY(fused->childCount() >= 2);
        QTest::mouseClick(after.viewport(), Qt::LeftButton, {},
                          after.visualItemRect(fused).center());
        QStringList chosen;
        for (const QTreeWidgetItem* const item : before.selectedItems())
            chosen << item->text(0);
        chosen.sort();
        QStringList parts;
        for (int i = 0; i < fused->childCount(); ++i)
            parts << fused->child(i)->text(0);
        parts.sort();
        QCOMPARE(chosen, parts);
        // And back.
        QTreeWidgetItem* const last = before.topLevelItem(before.topLevelItemCount() - 1);
        before.scrollToItem(last);
        QTest::mouseClick(before.viewport(), Qt::LeftButton, {},
                          before.visualItemRect(last).center());
        QCOMPARE(after.selectedItems().size(), 1);
        QVERIFY(after.topLevelItem(0)->text(1).isEmpty()); // not measured yet
    }

    void measuringShowsEachLayer() {
        test::chooseTemplate(*window_, "lenet-5");
        open();
        QTest::mouseClick(&dialog()->measureButton(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(
            dialog()->times().text().contains(QStringLiteral("32 samples at once")),
            test::kTrainingPatience);
        for (const auto side : {LayerLists::kBefore, LayerLists::kAfter}) {
            auto& list = dialog()->layers().list(side);
            double shares = 0;
            for (int i = 0; i < list.topLevelItemCount(); ++i) {
                QVERIFY(list.topLevelItem(i)->text(1).endsWith(QStringLiteral(" ms")));
                shares += list.topLevelItem(i)->text(2).split(u' ').first().toDouble();
            }
            QVERIFY2(std::abs(shares - 100) < 0.06 * list.topLevelItemCount(),
                     qPrintable(QString::number(shares)));
            QVERIFY(
                dialog()->layers().caption(side).text().contains(QStringLiteral("activations")));
        }
    }

    void theOpenNetworkIsBesideThePublishedOnes() {
        test::chooseTemplate(*window_, "lenet-5");
        open();
        auto& table = dialog()->published().table();
        QCOMPARE(table.rowCount(), 4);
        QCOMPARE(table.item(2, 1)->text(), QStringLiteral("670"));
        QCOMPARE(table.item(3, 3)->text(), QStringLiteral("12"));
        QCOMPARE(table.item(3, 4)->text(), QStringLiteral("8"));
        QVERIFY(table.item(2, 3)->text().isEmpty()); // counted on request
        toggle("Fuse products");
        QTRY_COMPARE(table.item(3, 4)->text(), QStringLiteral("12"));
    }

    /// The slider by the keyboard; the figure follows by itself.
    void pruningTellsItsPrice() {
        test::trainTemplate(*window_);
        open();
        auto& tab = dialog()->pruning();
        dialog()->tabs().setCurrentWidget(&tab);
        tab.share().setFocus();
        QTest::keyClick(&tab.share(), Qt::Key_PageUp);
        QCOMPARE(tab.share().value(), 10);
        QTRY_VERIFY_WITH_TIMEOUT(tab.result().text().contains(QStringLiteral("weights are 0")),
                                 test::kTrainingPatience);
        QVERIFY(tab.result().text().contains(QStringLiteral(" → ")));
        QTest::mouseClick(&tab.wholeUnits(), Qt::LeftButton, {},
                          QPoint(8, tab.wholeUnits().height() / 2));
        QVERIFY(tab.wholeUnits().isChecked());
        QTRY_VERIFY_WITH_TIMEOUT(tab.result().text().contains(QStringLiteral("units went")),
                                 test::kTrainingPatience);
        QTest::keyClick(&tab.share(), Qt::Key_Home);
        QTRY_COMPARE(tab.result().text(), QStringLiteral("Nothing goes."));
    }

    void withoutATrainingThereIsNoPrice() {
        test::chooseTemplate(*window_, "exclusive-or");
        open();
        auto& tab = dialog()->pruning();
        dialog()->tabs().setCurrentWidget(&tab);
        QTest::keyClick(&tab.share(), Qt::Key_PageUp);
        QTRY_VERIFY(tab.result().text().contains(QStringLiteral("has not been trained")));
        QVERIFY(!tab.stopButton().isVisible());
    }

    void anOptimizedNetworkIsSaved() {
        test::chooseTemplate(*window_, "exclusive-or");
        open();
        test::ModalAnswers answers;
        const QString file = folder_.filePath(QStringLiteral("gate"));
        answers.file(file);
        QTest::mouseClick(&dialog()->saveButton(), Qt::LeftButton);
        QTRY_VERIFY2(dialog()->times().text().contains(QStringLiteral("gate.gwmodel, untrained")),
                     qPrintable(dialog()->times().text()));
        const auto model = readModel((file + QStringLiteral(".gwmodel")).toStdString());
        QVERIFY(model.after.layers < model.before.layers);
        // Where it cannot be written, the reason is shown and the dialog goes on.
        answers.file(QStringLiteral("/proc/gate.gwmodel")).press(QMessageBox::Ok);
        QTest::mouseClick(&dialog()->saveButton(), Qt::LeftButton);
        QTRY_VERIFY(answers.isDone() && dialog()->saveButton().isEnabled());
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
