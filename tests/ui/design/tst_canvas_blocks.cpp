// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "tests/ui/design/design_bench.h"
#include "ui/canvas/block_commands.h"
#include "ui/inspector/block_panel.h"

#include <QCheckBox>
#include <QClipboard>
#include <QGuiApplication>
#include <QMessageBox>
#include <QPushButton>
#include <QStandardPaths>
#include <QTimer>
#include <QTreeWidget>

using namespace gradwright;

/// Blocks by mouse and keys: made, entered, edited inside, dissolved, kept.
class TestCanvasBlocks : public QObject, private test::DesignBench {
    Q_OBJECT

private:
    void key(int key, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(&page_->view(), static_cast<Qt::Key>(key), modifiers);
    }
    [[nodiscard]] const Network& network() const { return document_->project().network; }
    void select(std::initializer_list<const char*> names) {
        std::vector<NodeId> nodes;
        for (const char* const name : names)
            nodes.push_back(idOf(name));
        page_->scene().selectNodes(nodes);
        page_->view().setFocus();
    }
    /// In a block "Block" of conv1 and pool1, with the instance "block1".
    void group() {
        openTemplate("lenet-5");
        select({"conv1", "pool1"});
        key(Qt::Key_G, Qt::ControlModifier);
        QVERIFY(network().blocks.contains("Block"));
    }
    void undo() { document_->undoStack().undo(); }
    [[nodiscard]] QTreeWidgetItem* paletteRow(const QString& title) const {
        for (auto* const tree : page_->palettePanel().findChildren<QTreeWidget*>())
            for (auto* const item : tree->findItems(title, Qt::MatchExactly | Qt::MatchRecursive))
                if (item->parent() != nullptr)
                    return item;
        return nullptr;
    }

private Q_SLOTS:
    void init() {
        QStandardPaths::setTestModeEnabled(true);
        open();
    }
    void cleanup() { close(); }

    void theSelectionBecomesABlock() {
        group();
        QCOMPARE(page_->scene().selectedNodes(), std::vector{idOf("block1")});
        QVERIFY(graph().findByName("conv1") == nullptr);
        QVERIFY(!document_->analysis().hasErrors());
        // A little later, and again.
        undo();
        QVERIFY(network().blocks.empty());
        QVERIFY(graph().findByName("conv1") != nullptr);
        document_->undoStack().redo();
        select({"block1"});
        key(Qt::Key_G, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(network().blocks.empty());
        QCOMPARE(page_->scene().selectedNodes().size(), 2U);
        QVERIFY(graph().findByName("conv1") && graph().findByName("pool1"));
    }

    void aDoubleClickGoesInAndTheCrumbOut() {
        group();
        page_->view().fit();
        QTest::mouseDClick(canvas(), Qt::LeftButton, {}, nodeCenter("block1"));
        QCOMPARE(page_->scene().scope().graph, std::string("Block"));
        QCOMPARE(page_->scene().graph().nodes().size(), 4U);
        const NodeId conv = page_->scene().graph().findByName("conv1")->id;
        // Shapes are those that this instance gets.
        QCOMPARE(page_->scene().nodeItem(conv)->look().state, NodeLook::State::Normal);
        // What is edited here is the block.
        page_->scene().selectNodes({conv});
        page_->view().setFocus();
        key(Qt::Key_F2);
        typeInPlace(QStringLiteral("first"));
        QVERIFY(network().blocks.at("Block").graph.findByName("first") != nullptr);
        QTest::mouseClick(page_->findChild<QPushButton*>(QStringLiteral("crumb0")), Qt::LeftButton);
        QCOMPARE(page_->scene().scope().graph, std::string());
        QCOMPARE(page_->scene().selectedNodes(), std::vector{idOf("block1")});
    }

    void keysGoInAndOut() {
        group();
        key(Qt::Key_Return, Qt::ControlModifier);
        QCOMPARE(page_->scene().scope().graph, std::string("Block"));
        key(Qt::Key_Backspace);
        QCOMPARE(page_->scene().scope().graph, std::string());
    }

    void undoingTheBlockLeavesIt() {
        group();
        key(Qt::Key_Return, Qt::ControlModifier);
        undo();
        QCOMPARE(page_->scene().scope().graph, std::string());
        QVERIFY(page_->scene().nodeItem(idOf("conv1")) != nullptr);
    }

    void layersAreAddedWithinABlock() {
        group();
        key(Qt::Key_Return, Qt::ControlModifier);
        page_->scene().selectNodes({page_->scene().graph().findByName("pool1")->id});
        addByKeys(QStringLiteral("dropout"));
        const Graph& inside = network().blocks.at("Block").graph;
        QVERIFY(inside.findByName("dropout1") != nullptr);
        QVERIFY(graph().findByName("dropout1") == nullptr);
        undo();
        QVERIFY(inside.findByName("dropout1") == nullptr);
        // A block never goes into itself.
        QString reason;
        connect(page_.get(), &DesignPage::hint, this, [&](const QString& text) { reason = text; });
        addByKeys(QStringLiteral("Block"));
        QCOMPARE(inside.nodes().size(), 4U);
        QVERIFY2(reason.contains(QStringLiteral("contain itself")), qPrintable(reason));
    }

    void itShowsWhatIsInItAndFoldsAgain() {
        group();
        const QSizeF small = page_->scene().nodeItem(idOf("block1"))->rect().size();
        key(Qt::Key_E);
        QVERIFY(document_->project().canvas.expanded.at("").contains(idOf("block1")));
        const NodeItem& item = *page_->scene().nodeItem(idOf("block1"));
        QVERIFY(item.rect().height() > small.height());
        QCOMPARE(item.form().preview.parts.size(), 4U);
        QVERIFY(projectFromJson(toJson(document_->project())) == document_->project());
        undo();
        QCOMPARE(page_->scene().nodeItem(idOf("block1"))->rect().size(), small);
        document_->undoStack().redo();
        key(Qt::Key_E);
        QVERIFY(document_->project().canvas.expanded.empty());
    }

    void itIsRenamedInPlace() {
        group();
        key(Qt::Key_F2, Qt::ShiftModifier);
        typeInPlace(QStringLiteral("Stem of the network"));
        QVERIFY(network().blocks.contains("Stem of the network"));
        QCOMPARE(page_->scene().nodeItem(idOf("block1"))->look().title,
                 QStringLiteral("Stem of the network"));
        QVERIFY(paletteRow(QStringLiteral("Stem of the network")) != nullptr);
        undo();
        QVERIFY(network().blocks.contains("Block"));
    }

    void repetitionsShowOnTheNode() {
        openTemplate("lenet-5");
        select({"dense2"});
        key(Qt::Key_G, Qt::ControlModifier);
        repeatSelection(page_->scene().canvas(), 3);
        const Node& node = *graph().findByName("block1");
        QCOMPARE(node.blockUse()->repeat, 3);
        QCOMPARE(page_->scene().nodeItem(node.id)->look().title, QStringLiteral("Block × 3"));
        undo();
        QCOMPARE(graph().findByName("block1")->blockUse()->repeat, 1);
    }

    void parametersArePromotedByACheck() {
        group();
        key(Qt::Key_Return, Qt::ControlModifier);
        page_->scene().selectNodes({page_->scene().graph().findByName("conv1")->id});
        auto* const check =
            page_->blockPanel().findChild<QCheckBox*>(QStringLiteral("promote/filters"));
        QVERIFY(check != nullptr && !check->isChecked());
        QTest::mouseClick(check, Qt::LeftButton, {}, QPoint(8, check->height() / 2));
        QCOMPARE(network().blocks.at("Block").promoted.size(), 1U);
        undo();
        QVERIFY(network().blocks.at("Block").promoted.empty());
    }

    void myBlocksStayForOtherProjects() {
        group();
        page_->scene().selectNodes({idOf("block1")});
        const auto buttons = page_->blockPanel().findChildren<QPushButton*>();
        for (auto* const button : buttons)
            if (button->text() == QStringLiteral("Save to My blocks"))
                QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(page_->myBlocks().entries().size(), 1U);
        document_->newProject();
        QVERIFY(network().blocks.empty());
        QVERIFY(paletteRow(QStringLiteral("Block")) != nullptr);
        addByKeys(QStringLiteral("Block"));
        QCOMPARE(network().blocks.at("Block").graph.nodes().size(), 4U);
        QVERIFY(graph().findByName("block1") != nullptr);
        undo();
        QVERIFY(network().blocks.empty());
    }

    void aSavedBlockIsDeletedByTheKeyAfterAQuestion() {
        group();
        page_->myBlocks().save(document_->project(), "Block");
        document_->newProject();
        auto* const row = paletteRow(QStringLiteral("Block"));
        QVERIFY(row != nullptr);
        auto* const tree = row->treeWidget();
        const auto pressDelete = [&](QMessageBox::StandardButton answer) {
            QTimer::singleShot(0, page_.get(), [answer] {
                auto* const box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
                QVERIFY(box != nullptr);
                QTest::mouseClick(box->button(answer), Qt::LeftButton);
            });
            tree->setCurrentItem(paletteRow(QStringLiteral("Block")));
            QTest::keyClick(tree, Qt::Key_Delete);
        };
        pressDelete(QMessageBox::Cancel);
        QCOMPARE(page_->myBlocks().entries().size(), 1U);
        pressDelete(QMessageBox::Yes);
        QVERIFY(page_->myBlocks().entries().empty());
        QVERIFY(paletteRow(QStringLiteral("Block")) == nullptr);
        // What comes with the program stays.
        QVERIFY(!page_->myBlocks().presets().empty());
        const QString preset = QString::fromStdString(page_->myBlocks().presets().front().name);
        tree->setCurrentItem(paletteRow(preset));
        QTest::keyClick(tree, Qt::Key_Delete);
        QVERIFY(paletteRow(preset) != nullptr);
    }

    void aBlockCannotBePastedIntoItself() {
        group();
        page_->scene().selectNodes({idOf("block1")});
        key(Qt::Key_G, Qt::ControlModifier); // a block around the block
        const std::string outer = graph().nodes().rbegin()->second.blockUse()->block;
        QVERIFY(outer != "Block");
        page_->scene().selectNodes({graph().nodes().rbegin()->first});
        key(Qt::Key_C, Qt::ControlModifier);
        // Only the inner one is left, and it is entered.
        undo();
        QVERIFY(!network().blocks.contains(outer));
        page_->scene().selectNodes({idOf("block1")});
        key(Qt::Key_Return, Qt::ControlModifier);
        QCOMPARE(page_->scene().scope().graph, std::string("Block"));
        const Project before = document_->project();
        page_->view().setFocus();
        key(Qt::Key_V, Qt::ControlModifier);
        QVERIFY(document_->project() == before);
    }

    void aCopyCarriesItsBlock() {
        group();
        page_->scene().selectNodes({idOf("block1")});
        key(Qt::Key_C, Qt::ControlModifier);
        document_->newProject();
        page_->view().setFocus();
        key(Qt::Key_V, Qt::ControlModifier);
        QVERIFY(network().blocks.contains("Block"));
        QCOMPARE(graph().nodes().size(), 1U);
    }

    void aProblemInsideIsShownThere() {
        group();
        key(Qt::Key_Return, Qt::ControlModifier);
        const NodeId conv = page_->scene().graph().findByName("conv1")->id;
        document_->perform(QStringLiteral("Break"),
                           {NetworkEdit{NetworkEdit::Group{
                               {SetParam{"Block", conv, "kernel", IntTuple{99, 99}}},
                               {SetParam{"Block", conv, "padding", std::string("valid")}}}}});
        QVERIFY(document_->analysis().hasErrors());
        key(Qt::Key_Backspace);
        QVERIFY(page_->scene().nodeItem(idOf("block1"))->look().state == NodeLook::State::Error);
        page_->scene().selectNodes({});
        QTest::keyClick(&page_->view(), Qt::Key_F8);
        QCOMPARE(page_->scene().scope().graph, std::string("Block"));
        QCOMPARE(page_->scene().selectedNodes(), std::vector{conv});
        const auto before = page_->scene().graph().find(conv)->params;
        key(Qt::Key_Return, Qt::AltModifier); // its fix
        QVERIFY(page_->scene().graph().find(conv)->params != before);
        QVERIFY(page_->scene().nodeItem(conv)->look().state != NodeLook::State::Error);
    }
};

QTEST_MAIN(TestCanvasBlocks)
#include "tst_canvas_blocks.moc"
