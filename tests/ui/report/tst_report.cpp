// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "tests/ui/design/design_bench.h"
#include "ui/report/find_bar.h"
#include "ui/report/history_panel.h"
#include "ui/report/layer_model.h"
#include "ui/report/layer_report.h"

#include <QClipboard>
#include <QHeaderView>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>

using namespace gradwright;

/// The panels beneath the canvas and the search over it.
class TestReport : public QObject, private test::DesignBench {
    Q_OBJECT

private:
    void showPanel(int index) {
        auto* const tabs = page_->findChild<QTabBar*>();
        QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(index).center());
    }
    [[nodiscard]] QTableView& table() { return page_->report().table(); }
    [[nodiscard]] QString cell(int row, int column) {
        return table().model()->index(row, column).data().toString();
    }

private Q_SLOTS:
    void init() {
        open();
        openTemplate("lenet-5");
    }
    void cleanup() { close(); }

    void theTableHoldsEveryLayer() {
        showPanel(1);
        QVERIFY(table().isVisible());
        QCOMPARE(table().model()->rowCount(), 11);
        QCOMPARE(cell(1, LayerModel::Name), QStringLiteral("conv1"));
        QCOMPARE(cell(1, LayerModel::Input), QStringLiteral("1×28×28"));
        QCOMPARE(cell(1, LayerModel::Output), QStringLiteral("6×28×28"));
        QCOMPARE(cell(1, LayerModel::Parameters), QStringLiteral("156")); // 6·(5·5 + 1)
        QCOMPARE(cell(1, LayerModel::Macs), QStringLiteral("117,600"));   // 6·28·28·25
        std::int64_t parameters = 0;
        for (const LayerRow& row : layerTable(document_->project().network, document_->analysis()))
            parameters += row.parameters;
        QCOMPARE(parameters, std::int64_t{61'706}); // as published
    }

    void aClickOnTheTitleSortsByNumbers() {
        showPanel(1);
        QHeaderView* const header = table().horizontalHeader();
        const auto clickOn = [&](int column) {
            QTest::mouseClick(header->viewport(), Qt::LeftButton, {},
                              {header->sectionViewportPosition(column) + 30, 10});
        };
        clickOn(LayerModel::Parameters);
        clickOn(LayerModel::Parameters);
        QCOMPARE(cell(0, LayerModel::Name), QStringLiteral("dense1")); // 400·120 + 120 is the most
        QCOMPARE(cell(0, LayerModel::Parameters), QStringLiteral("48,120"));
        QCOMPARE(cell(1, LayerModel::Name), QStringLiteral("dense2"));
        clickOn(LayerModel::Parameters);
        QCOMPARE(cell(0, LayerModel::Name), QStringLiteral("image")); // the network's order again
    }

    void selectionGoesBothWays() {
        showPanel(1);
        QTest::mouseClick(table().viewport(), Qt::LeftButton, {},
                          table().visualRect(table().model()->index(3, 1)).center());
        QCOMPARE(page_->scene().selectedNodes(), std::vector<NodeId>{idOf("conv2")});
        page_->scene().selectNodes({idOf("dense1"), idOf("dense2")});
        QStringList names;
        for (const QModelIndex& index : table().selectionModel()->selectedRows())
            names << index.data().toString();
        names.sort();
        QCOMPARE(names, (QStringList{QStringLiteral("dense1"), QStringLiteral("dense2")}));
    }

    void theTableIsExported() {
        const auto rows = layerTable(document_->project().network, document_->analysis());
        const QStringList csv =
            QString::fromStdString(tableAsCsv(rows)).split(QStringLiteral("\r\n"));
        QCOMPARE(csv.size(), 14); // titles, 11 layers, totals, and the end
        QCOMPARE(csv[2], QStringLiteral("conv1,Conv 5×5×6,1×28×28,6×28×28,156,117600,18816"));
        QVERIFY(csv[12].startsWith(QStringLiteral("Total,,,,61706,416520,")));
        const QString markdown = QString::fromStdString(tableAsMarkdown(rows));
        QVERIFY(markdown.contains(QStringLiteral(
            "\n| conv1 | Conv 5×5×6 | 1×28×28 | 6×28×28 | 156 | 117600 | 18816 |\n")));
        QVERIFY(markdown.contains(QStringLiteral("**61706**")));

        LayerRow odd;
        odd.name = "a,\"b\"|c";
        QVERIFY(tableAsCsv({odd}).find("\"a,\"\"b\"\"|c\",") != std::string::npos);
        QVERIFY(tableAsMarkdown({odd}).find("| a,\"b\"\\|c |") != std::string::npos);

        const QString file = folder_.filePath(QStringLiteral("report.md"));
        page_->report().save(file);
        QCOMPARE(QString::fromStdString(readTextFile(file.toStdString())), markdown);
        for (QAction* const action : page_->report().tableActions())
            if (action->text().startsWith(QStringLiteral("Copy")))
                action->trigger();
        QCOMPARE(QGuiApplication::clipboard()->text(), markdown);
    }

    void layersAreFoundByNameTypeAndParameters() {
        const auto found = [&](const char* typed) {
            QStringList names;
            for (const LayerHit& hit :
                 searchLayers(document_->project().network, QString::fromUtf8(typed)))
                names << QString::fromStdString(graph().find(hit.node)->name);
            return names.join(u' ');
        };
        QCOMPARE(found("pool"), QStringLiteral("pool1 pool2"));
        QCOMPARE(found("Conv 2D"), QStringLiteral("conv1 conv2"));
        QCOMPARE(found("5x5 same"), QStringLiteral("conv1"));
        QCOMPARE(found("units 84"), QStringLiteral("dense2"));
        QCOMPARE(found("relu dense"), QStringLiteral("dense1 dense2"));
        QCOMPARE(found("nothing"), QString());

        page_->view().setFocus();
        QTest::keyClick(&page_->view(), Qt::Key_F, Qt::ControlModifier);
        QVERIFY(page_->finder().isVisible());
        auto* const line = page_->finder().findChild<QLineEdit*>();
        QTRY_VERIFY(line->hasFocus());
        QTest::keyClicks(line, QStringLiteral("relu"));
        QCOMPARE(page_->scene().selectedNodes(), std::vector<NodeId>{idOf("conv1")});
        QTest::keyClick(line, Qt::Key_Return);
        QCOMPARE(page_->scene().selectedNodes(), std::vector<NodeId>{idOf("conv2")});
        QTest::keyClick(line, Qt::Key_Return, Qt::ShiftModifier);
        QCOMPARE(page_->scene().selectedNodes(), std::vector<NodeId>{idOf("conv1")});
        QTest::keyClick(line, Qt::Key_Return, Qt::ControlModifier);
        QCOMPARE(page_->scene().selectedNodes().size(), 4U);
        QTest::keyClick(line, Qt::Key_Escape);
        QVERIFY(!page_->finder().isVisible());
    }

    void theHistoryGoesBackAndForward() {
        const Project before = document_->project();
        addByKeys(QStringLiteral("dropout"));
        TrainingSettings settings = document_->project().training;
        settings.params["batch"] = std::int64_t{64};
        document_->perform(QStringLiteral("Change batch size"), {SetTraining{settings}});
        const Project after = document_->project();
        showPanel(2);
        auto* const history = page_->findChild<HistoryPanel*>();
        QVERIFY(history->isVisible());
        QCOMPARE(history->model()->rowCount(), 3); // as opened, and two changes
        QCOMPARE(history->model()->index(2, 0).data().toString(),
                 QStringLiteral("Change batch size"));
        const auto clickRow = [&](int row) {
            const QModelIndex index = history->model()->index(row, 0);
            history->scrollTo(index);
            QTest::mouseClick(history->viewport(), Qt::LeftButton, {},
                              history->visualRect(index).center());
        };
        clickRow(0);
        QVERIFY(document_->project() == before);
        clickRow(2);
        QVERIFY(document_->project() == after);
    }
};

QTEST_MAIN(TestReport)
#include "tst_report.moc"
