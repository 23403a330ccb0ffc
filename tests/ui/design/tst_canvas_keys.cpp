// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/design/design_bench.h"
#include "ui/canvas/callout_item.h"
#include "ui/canvas/minimap.h"
#include "ui/canvas/quick_add.h"
#include "ui/inspector/inspector_panel.h"

#include <QListWidget>

using namespace gradwright;

/// What keys do on the canvas, and the lists and fields that open on it.
class TestCanvasKeys : public QObject, private test::DesignBench {
    Q_OBJECT

private:
    void key(int key, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(&page_->view(), static_cast<Qt::Key>(key), modifiers);
    }
    [[nodiscard]] QuickAdd* popup() const {
        for (auto* const each : page_->findChildren<QuickAdd*>())
            if (each->isVisible())
                return each;
        return nullptr;
    }
    void choose(const QString& typed) {
        QVERIFY(popup() != nullptr);
        auto* const search = popup()->findChild<QLineEdit*>();
        QTest::keyClicks(search, typed);
        QTest::keyClick(search, Qt::Key_Return);
    }

private Q_SLOTS:
    void init() { open(); }
    void cleanup() { close(); }

    void aListOfLayersOpensAndAdds() {
        page_->view().setFocus();
        key(Qt::Key_A);
        choose(QStringLiteral("conv"));
        QCOMPARE(graph().nodes().size(), 1U);
        QVERIFY(graph().findByName("conv1") != nullptr);
        // A double click opens it, too, at its place.
        const QPoint at = onScreen(page_->scene().contentRect().bottomLeft() + QPointF(20, 80));
        QTest::mouseDClick(canvas(), Qt::LeftButton, {}, at);
        choose(QStringLiteral("flat"));
        QCOMPARE(graph().nodes().size(), 2U);
        QVERIFY((nodeCenter("flatten1") - at).manhattanLength() < 12);
        document_->undoStack().undo();
        QCOMPARE(graph().nodes().size(), 1U);
    }

    void escapeAddsNothing() {
        key(Qt::Key_A);
        QTest::keyClick(popup()->findChild<QLineEdit*>(), Qt::Key_Escape);
        QTRY_VERIFY(popup() == nullptr);
        QVERIFY(graph().nodes().empty());
    }

    void aLinkDroppedOnTheVoidAsksWhatFits() {
        page_->scene().addLayer("input", QPointF(0, 0));
        page_->scene().addLayer("flatten", QPointF(0, 120));
        page_->view().fit();
        drag(port("input1", false), port("flatten1", true));
        const QPoint void_ = port("flatten1", false) + QPoint(30, 110);
        drag(port("flatten1", false), void_);
        QVERIFY(popup() != nullptr);
        const auto* const list = popup()->findChild<QListWidget*>();
        QStringList offered;
        for (int i = 0; i < list->count(); ++i)
            offered << list->item(i)->text();
        QVERIFY(offered.contains(QStringLiteral("Dense")));
        QVERIFY(!offered.contains(QStringLiteral("Conv 2D"))); // takes images, not vectors
        QVERIFY(!offered.contains(QStringLiteral("Input")));   // takes nothing
        choose(QStringLiteral("dense"));
        const Link* const link = graph().linkInto({idOf("dense1"), {0}});
        QVERIFY(link != nullptr);
        QCOMPARE(link->from.node, idOf("flatten1"));
        document_->undoStack().undo(); // node and link are one step
        QCOMPARE(graph().nodes().size(), 2U);
        QCOMPARE(graph().links().size(), 1U);
    }

    void layersAreRenamedInPlace() {
        page_->scene().addLayer("dense", QPointF(0, 0));
        page_->view().fit();
        key(Qt::Key_F2);
        typeInPlace(QStringLiteral("scores"));
        QVERIFY(graph().findByName("scores") != nullptr);
        key(Qt::Key_F2);
        typeInPlace(QStringLiteral("other"), Qt::Key_Escape);
        QVERIFY(graph().findByName("other") == nullptr);
        // A name that cannot be is refused with the reason.
        page_->scene().addLayer("dense", QPointF(0, 200));
        QString reason;
        connect(page_.get(), &DesignPage::hint, this, [&](const QString& text) { reason = text; });
        key(Qt::Key_F2);
        typeInPlace(QStringLiteral("scores"));
        QVERIFY(!reason.isEmpty());
        QVERIFY(graph().findByName("dense1") != nullptr);
    }

    void linksAreWalked() {
        openTemplate("lenet-5");
        page_->scene().selectNodes({idOf("conv1")});
        key(Qt::Key_Down, Qt::AltModifier);
        QCOMPARE(selectedName(), std::string("pool1"));
        key(Qt::Key_Up, Qt::AltModifier);
        key(Qt::Key_Up, Qt::AltModifier);
        QCOMPARE(selectedName(), std::string("image"));
        key(Qt::Key_Up, Qt::AltModifier); // there is no further
        QCOMPARE(selectedName(), std::string("image"));
        key(Qt::Key_Down, Qt::AltModifier | Qt::ShiftModifier);
        key(Qt::Key_Down, Qt::AltModifier | Qt::ShiftModifier);
        QCOMPARE(page_->scene().selectedNodes(),
                 (std::vector<NodeId>{idOf("image"), idOf("conv1"), idOf("pool1")}));
    }

    void theSelectionIsLinked() {
        page_->scene().addLayer("input", QPointF(0, 0));
        page_->scene().addLayer("dense", QPointF(0, 400));
        page_->scene().addLayer("flatten", QPointF(0, 200));
        page_->scene().selectAll();
        key(Qt::Key_L);
        QCOMPARE(graph().links().size(), 2U);
        QCOMPARE(graph().linkInto({idOf("flatten1"), {0}})->from.node, idOf("input1"));
        QCOMPARE(graph().linkInto({idOf("dense1"), {0}})->from.node, idOf("flatten1"));
        document_->undoStack().undo();
        QVERIFY(graph().links().empty());
    }

    /// LeNet-5 as it opens, in columns: read, walked and linked along its links, not row by row.
    void columnsAreReadOneAfterTheOther() {
        openTemplate("lenet-5");
        const std::vector<std::string> names = {"image",  "conv1",         "pool1",  "conv2",
                                                "pool2",  "flatten",       "dense1", "dense2",
                                                "scores", "probabilities", "digit"};
        QCOMPARE(graph().nodes().size(), names.size());
        const auto top = [this](const char* name) {
            return page_->scene().nodeItem(idOf(name))->pos().y();
        };
        QVERIFY2(top("dense1") < top("pool2"), "it is not laid out in columns");

        // By the keys that go from item to item: a layer, the link behind it, and so on.
        page_->view().setFocus();
        page_->scene().clearSelection();
        std::vector<std::string> read;
        for (std::size_t i = 0; i < names.size() + names.size() - 1; ++i) {
            key(Qt::Key_Period);
            QCOMPARE(page_->scene().selectedItems().size(), 1);
            if (const auto links = page_->scene().selectedLinks(); !links.empty())
                QCOMPARE(graph().find(graph().find(links[0])->from.node)->name, read.back());
            else
                read.push_back(selectedName());
        }
        QCOMPARE(read, names);

        // Alt+arrows: down to the end, across the columns, and up again.
        page_->scene().selectNodes({idOf("image")});
        for (std::size_t i = 1; i < names.size(); ++i) {
            key(Qt::Key_Down, Qt::AltModifier);
            QCOMPARE(selectedName(), names[i]);
        }
        for (std::size_t i = names.size() - 1; i-- > 0;) {
            key(Qt::Key_Up, Qt::AltModifier);
            QCOMPARE(selectedName(), names[i]);
        }

        // Without links the columns alone say what comes next.
        const auto links = graph().links();
        for (const auto& [id, link] : links)
            document_->perform(QStringLiteral("Unlink"), {NetworkEdit{RemoveLink{"", id}}});
        QVERIFY(graph().links().empty());
        page_->scene().selectAll();
        key(Qt::Key_L);
        QCOMPARE(graph().links().size(), links.size());
        for (std::size_t i = 1; i < names.size(); ++i)
            QVERIFY2(linked(names[i - 1].c_str(), names[i].c_str()), names[i].c_str());
    }

    /// Branches are read one after the other, and what they lead to behind all of them; frames and
    /// notes stand where they lie.
    void branchesAreReadToTheirEnd() {
        page_->scene().addLayer("input", QPointF(300, 0));
        page_->scene().addLayer("relu", QPointF(600, 120));
        page_->scene().addLayer("tanh", QPointF(0, 120));
        page_->scene().addLayer("sigmoid", QPointF(0, 240));
        page_->scene().addLayer("add", QPointF(300, 360));
        const auto link = [this](const char* from, const char* to, std::uint32_t input) {
            document_->perform(QStringLiteral("Link"),
                               {NetworkEdit{AddLink{"", Link{.id = graph().freshLinkId(),
                                                             .from = {idOf(from), {0}},
                                                             .to = {idOf(to), {input}}}}}});
        };
        link("input1", "relu1", 0);
        link("input1", "tanh1", 0);
        link("tanh1", "sigmoid1", 0);
        link("relu1", "add1", 0);
        link("sigmoid1", "add1", 1);
        document_->perform(QStringLiteral("Note"), {SetNote{NoteId{1}, Note{.graph = "",
                                                                            .text = "two ways",
                                                                            .position = {600, 60},
                                                                            .width = 100,
                                                                            .height = 40}}});
        std::vector<std::string> read;
        page_->view().setFocus();
        page_->scene().clearSelection();
        for (int i = 0; i < 5 + 5 + 1; ++i) {
            key(Qt::Key_Period);
            if (!page_->scene().selectedNodes().empty())
                read.push_back(selectedName());
            else if (page_->scene().selectedLinks().empty())
                read.emplace_back("the note");
        }
        QCOMPARE(read, (std::vector<std::string>{"input1", "tanh1", "sigmoid1", "the note", "relu1",
                                                 "add1"}));
    }

    void theShownProblemIsFixedByKeys() {
        openTemplate("lenet-5");
        document_->perform(
            QStringLiteral("Break"),
            {NetworkEdit{SetParam{"", idOf("pool2"), "kernel", ParamValue{IntTuple{16, 16}}}}});
        QVERIFY(document_->analysis().hasErrors());
        QTest::keyClick(page_.get(), Qt::Key_F8);
        QCOMPARE(selectedName(), std::string("pool2"));
        QTest::keyClick(page_.get(), Qt::Key_Return, Qt::AltModifier);
        QVERIFY(!document_->analysis().hasErrors());
    }

    void theCalloutCoversNoLayer() {
        page_->scene().addLayer("input", QPointF(0, 0));
        page_->scene().addLayer("max-pool2d", QPointF(0, 120));
        page_->scene().addLayer("dense", QPointF(280, 120)); // where it would stand
        page_->view().fit();
        drag(port("input1", false), port("pool1", true));
        document_->perform(
            QStringLiteral("Break"),
            {NetworkEdit{SetParam{"", idOf("pool1"), "kernel", ParamValue{IntTuple{64, 64}}}}});
        const CalloutItem* const callout = page_->scene().callout();
        QVERIFY(callout != nullptr);
        const QRectF box(callout->pos(), callout->size());
        for (const char* name : {"input1", "pool1", "dense1"})
            QVERIFY(!box.intersects(
                metrics::nodeRect().translated(page_->scene().nodeItem(idOf(name))->pos())));
    }

    /// Beside a node at the right edge it would be cut off.
    void theCalloutIsSeenWhole() {
        page_->scene().addLayer("input", QPointF(0, 0));
        page_->scene().addLayer("max-pool2d", QPointF(0, 120));
        drag(port("input1", false), port("pool1", true));
        page_->view().setZoom(1);
        const QRectF node =
            metrics::nodeRect().translated(page_->scene().nodeItem(idOf("pool1"))->pos());
        const auto seen = [&] {
            return page_->view().mapToScene(page_->view().viewport()->rect()).boundingRect();
        };
        page_->view().centerOn(node.right() + 40 - seen().width() / 2, node.center().y());
        QVERIFY(seen().right() < node.right() + 100);
        document_->perform(
            QStringLiteral("Break"),
            {NetworkEdit{SetParam{"", idOf("pool1"), "kernel", ParamValue{IntTuple{64, 64}}}}});
        const CalloutItem* const callout = page_->scene().callout();
        QVERIFY(callout != nullptr);
        const QRectF box(callout->pos(), callout->size());
        QVERIFY(box.left() >= seen().left() && box.right() <= seen().right());
        QVERIFY(box.right() < node.left());
    }

    void anEmptyCanvasHasNoMinimap() {
        page_->view().setZoom(1);
        QTest::qWait(20);
        QVERIFY(!page_->view().minimap().isVisible());
    }

    void theMinimapGoesThere() {
        openTemplate("small-residual");
        Minimap& map = page_->view().minimap();
        QVERIFY(!map.isVisible()); // everything is in sight
        page_->view().setZoom(2);
        QVERIFY(map.isVisible());
        const auto middle = [&] {
            return page_->view().mapToScene(page_->view().viewport()->rect().center());
        };
        QTest::mouseClick(&map, Qt::LeftButton, {}, QPoint(12, map.height() / 2));
        const double left = middle().x();
        QTest::mouseClick(&map, Qt::LeftButton, {}, QPoint(map.width() - 12, map.height() / 2));
        QVERIFY(middle().x() > left + 500);
        key(Qt::Key_M);
        QVERIFY(!map.isVisible());
        key(Qt::Key_M);
        QVERIFY(map.isVisible());
        page_->view().fit();
        QVERIFY(!map.isVisible());
        // A layer that is moved out of sight brings it back.
        page_->scene().addLayer("relu", QPointF(0, 8000));
        QTRY_VERIFY(map.isVisible());
    }

    void whatIsFoundCanBeRead() {
        openTemplate("small-residual");
        page_->view().setZoom(CanvasView::kMinZoom);
        page_->view().centerOnNode(graph().nodes().begin()->first);
        QVERIFY(page_->view().zoom() >= 0.8);
        page_->view().setZoom(1.5);
        page_->view().centerOnNode(graph().nodes().rbegin()->first);
        QCOMPARE(page_->view().zoom(), 1.5); // large enough already
    }

    void inASmallWindowTheInspectorIsADrawer() {
        openTemplate("lenet-5");
        const int wide = page_->view().width();
        page_->resize(1024, 630);
        QVERIFY(!page_->inspector().isVisible());
        QTRY_VERIFY(page_->view().width() > 1024 - 300);
        page_->scene().selectNodes({idOf("conv1")});
        page_->view().setFocus();
        key(Qt::Key_Return);
        QVERIFY(page_->inspector().isVisible());
        QVERIFY(page_->inspector().isAncestorOf(QApplication::focusWidget()));
        QTest::keyClick(page_.get(), Qt::Key_I, Qt::ControlModifier);
        QVERIFY(!page_->inspector().isVisible());
        page_->resize(1440, 800);
        QVERIFY(page_->inspector().isVisible());
        QTRY_COMPARE(page_->view().width(), wide);
    }
};

QTEST_MAIN(TestCanvasKeys)
#include "tst_canvas_keys.moc"
