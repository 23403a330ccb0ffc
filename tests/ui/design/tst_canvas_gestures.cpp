// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/design/design_bench.h"
#include "ui/canvas/canvas_export.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/link_router.h"
#include "ui/canvas/note_editor.h"
#include "ui/canvas/note_item.h"
#include "ui/canvas/path_search.h"

#include <QAccessible>
#include <QClipboard>
#include <QGuiApplication>
#include <QHelpEvent>
#include <QImage>
#include <QNativeGestureEvent>
#include <QPointingDevice>

#include <cmath>
#include <limits>
#include <random>

using namespace gradwright;

/// Building by mouse: into links and out of them, in line, in order; notes, directions, pictures.
class TestCanvasGestures : public QObject, private test::DesignBench {
    Q_OBJECT

private:
    void key(int key, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(&page_->view(), static_cast<Qt::Key>(key), modifiers);
    }
    void undo() { document_->undoStack().undo(); }
    [[nodiscard]] Point positionOf(const char* name) const {
        return document_->project().canvas.positions.at("").at(idOf(name));
    }
    void dragWith(QPoint from, QPoint to, Qt::KeyboardModifiers keys) {
        QTest::mousePress(canvas(), Qt::LeftButton, {}, from);
        for (const QPoint at : {from + (to - from) / 3, from + (to - from) * 2 / 3, to}) {
            QMouseEvent move(QEvent::MouseMove, at, canvas()->mapToGlobal(at), Qt::NoButton,
                             Qt::LeftButton, keys);
            QApplication::sendEvent(canvas(), &move);
        }
        QTest::mouseRelease(canvas(), Qt::LeftButton, keys, to);
    }

private Q_SLOTS:
    void init() { open(); }
    void cleanup() { close(); }

    void aNodeDroppedOnALinkGoesIntoIt() {
        build();
        const QPoint link = (port("dense1", false) + port("dense2", true)) / 2;
        const int steps = document_->undoStack().count();
        drag(nodeCenter("relu1"), link);
        QVERIFY(linked("dense1", "relu1") && linked("relu1", "dense2"));
        QCOMPARE(document_->undoStack().count(), steps + 1); // one step, with the way there
        undo();
        QVERIFY(linked("dense1", "dense2"));
        QCOMPARE(positionOf("relu1").x, 420 - metrics::kNodeWidth / 2);
    }

    void aLinkedNodeOnlyMovesUnlessItIsTakenOut() {
        build();
        const QPoint link = (port("dense1", false) + port("dense2", true)) / 2;
        drag(nodeCenter("relu1"), link);
        // A plain drag takes the links along.
        drag(nodeCenter("relu1"), nodeCenter("relu1") + QPoint(300, 0));
        QVERIFY(linked("dense1", "relu1") && linked("relu1", "dense2"));
        const int steps = document_->undoStack().count();
        dragWith(nodeCenter("relu1"), nodeCenter("relu1") + QPoint(0, 100), Qt::ShiftModifier);
        QVERIFY(linked("dense1", "dense2"));
        QVERIFY(graph().linksOf(idOf("relu1")).empty());
        QCOMPARE(document_->undoStack().count(), steps + 1);
        undo();
        QVERIFY(linked("dense1", "relu1") && linked("relu1", "dense2"));
    }

    void deletingMayCloseTheGap() {
        build();
        page_->scene().selectNodes({idOf("dense1")});
        page_->view().setFocus();
        key(Qt::Key_Delete, Qt::ControlModifier);
        QVERIFY(graph().findByName("dense1") == nullptr);
        QVERIFY(linked("input1", "dense2"));
        undo();
        QVERIFY(linked("input1", "dense1") && linked("dense1", "dense2"));
    }

    void aKeyMayTakeAwayWhatIsDragged() {
        build();
        const QPoint from = port("dense2", false);
        QTest::mousePress(canvas(), Qt::LeftButton, {}, from);
        QTest::mouseMove(canvas(), from + QPoint(40, 60));
        document_->perform(QStringLiteral("Delete"),
                           removeItems(document_->project(), "", std::array{idOf("dense2")}, {}));
        QTest::mouseMove(canvas(), from + QPoint(60, 90));
        QTest::mouseRelease(canvas(), Qt::LeftButton, {}, from + QPoint(60, 90));
        QVERIFY(graph().findByName("dense2") == nullptr);
        undo();
        page_->scene().selectNodes({idOf("dense2")});
        const QPoint at = nodeCenter("dense2");
        QTest::mousePress(canvas(), Qt::LeftButton, {}, at);
        QTest::mouseMove(canvas(), at + QPoint(30, 30));
        document_->perform(QStringLiteral("Delete"),
                           removeItems(document_->project(), "", std::array{idOf("dense2")}, {}));
        QTest::mouseMove(canvas(), at + QPoint(50, 50));
        QTest::mouseRelease(canvas(), Qt::LeftButton, {}, at + QPoint(50, 50));
        QVERIFY(graph().findByName("dense2") == nullptr);
    }

    void ctrlAndShiftExtendTheSelection() {
        build();
        click(nodeCenter("dense1"));
        click(nodeCenter("dense2"), Qt::ShiftModifier);
        QCOMPARE(page_->scene().selectedNodes().size(), 2U);
        click(nodeCenter("relu1"), Qt::ControlModifier);
        QCOMPARE(page_->scene().selectedNodes().size(), 3U);
        click(nodeCenter("dense1"), Qt::ControlModifier);
        QCOMPARE(page_->scene().selectedNodes().size(), 2U);
        // A rubber band, and one more that adds.
        QTest::mousePress(canvas(), Qt::LeftButton, {}, nodeCenter("dense1") - QPoint(200, 60));
        QTest::mouseMove(canvas(), nodeCenter("dense1"));
        QTest::mouseMove(canvas(), nodeCenter("dense1") + QPoint(20, 20));
        QTest::mouseRelease(canvas(), Qt::LeftButton, {}, nodeCenter("dense1") + QPoint(20, 20));
        QVERIFY(page_->scene().nodeItem(idOf("dense1"))->isSelected());
        QVERIFY(!page_->scene().nodeItem(idOf("relu1"))->isSelected());
        page_->view().setFocus();
        key(Qt::Key_Delete);
        QVERIFY(graph().findByName("dense1") == nullptr);
    }

    void aDragSnapsToOtherNodes() {
        build();
        // Three px beside dense1's column, off the grid of four.
        const QPoint from = nodeCenter("relu1");
        const double by = positionOf("dense1").x - positionOf("relu1").x;
        drag(from, from + QPoint(qRound(by) + 3, 300));
        QCOMPARE(positionOf("relu1").x, positionOf("dense1").x);
    }

    void alignAndDistribute() {
        build();
        const double before = positionOf("dense1").y;
        const std::vector<NodeId> all = {idOf("input1"), idOf("dense1"), idOf("relu1")};
        page_->scene().selectNodes(all);
        page_->view().setFocus();
        key(Qt::Key_Left, Qt::ControlModifier | Qt::AltModifier);
        QCOMPARE(positionOf("relu1").x, positionOf("input1").x);
        undo();
        page_->scene().selectNodes({idOf("input1"), idOf("dense1"), idOf("dense2")});
        key(Qt::Key_V, Qt::ControlModifier | Qt::AltModifier);
        QCOMPARE(positionOf("dense1").y - positionOf("input1").y,
                 positionOf("dense2").y - positionOf("dense1").y);
        undo();
        QCOMPARE(positionOf("dense1").y, before);
    }

    void framesAndNotesAreCopiedAsWell() {
        build();
        page_->scene().selectNodes({idOf("dense1")});
        page_->view().setFocus();
        key(Qt::Key_G);
        typeInPlace(QStringLiteral("stem"));
        page_->view().editors().addNote({500, 400});
        auto* const editor = page_->findChild<NoteEditor*>();
        QVERIFY(editor != nullptr);
        QTest::keyClicks(editor, QStringLiteral("# Why"));
        QTest::keyClick(editor, Qt::Key_Return, Qt::ControlModifier);
        page_->view().setFocus();
        key(Qt::Key_A, Qt::ControlModifier);
        key(Qt::Key_C, Qt::ControlModifier);
        key(Qt::Key_V, Qt::ControlModifier);
        QCOMPARE(document_->project().canvas.frames.size(), 2U);
        QCOMPARE(document_->project().canvas.notes.size(), 2U);
        QCOMPARE(graph().nodes().size(), 8U);
        undo();
        QCOMPARE(document_->project().canvas.frames.size(), 1U);
        QCOMPARE(graph().nodes().size(), 4U);
    }

    void notesHoldTextWithHeadings() {
        page_->view().editors().addNote({0, 0});
        auto* const editor = page_->findChild<NoteEditor*>();
        QVERIFY(editor != nullptr);
        QTest::keyClicks(editor, QStringLiteral("# Title"));
        QTest::keyClick(editor, Qt::Key_Return);
        QTest::keyClick(editor, Qt::Key_Return);
        QTest::keyClicks(editor, QStringLiteral("and words"));
        QTest::keyClick(editor, Qt::Key_Return, Qt::ControlModifier);
        const auto& notes = document_->project().canvas.notes;
        QCOMPARE(notes.begin()->second.text, std::string("# Title\n\nand words"));
        const NoteId id = notes.begin()->first;
        const QRectF before = page_->scene().noteItem(id)->sceneRect();
        page_->view().setZoom(1);
        page_->view().centerOn(before.center());
        drag(onScreen(before.center()), onScreen(before.center() + QPointF(80, 40)));
        QCOMPARE(notes.begin()->second.position.x, before.x() + 80);
        // An empty one is deleted, and comes back with its text.
        page_->view().editors().editNote(id);
        for (auto* const each : page_->findChildren<NoteEditor*>())
            if (each->isVisible()) {
                each->clear();
                QTest::keyClick(each, Qt::Key_Return, Qt::ControlModifier);
            }
        QVERIFY(notes.empty());
        undo();
        QCOMPARE(notes.begin()->second.text, std::string("# Title\n\nand words"));
    }

    void escapeKeepsWhatWasWritten() {
        page_->view().editors().addNote({0, 0});
        auto* const editor = page_->findChild<NoteEditor*>();
        QVERIFY(editor != nullptr);
        QTest::keyClicks(editor, QStringLiteral("long thoughts"));
        QTest::keyClick(editor, Qt::Key_Escape);
        const auto& notes = document_->project().canvas.notes;
        QCOMPARE(notes.size(), 1U);
        QCOMPARE(notes.begin()->second.text, std::string("long thoughts"));
        QVERIFY(page_->view().hasFocus());
        undo(); // of the text, then of the note
        undo();
        QVERIFY(notes.empty());
    }

    void theFlowMayRunToTheRight() {
        openTemplate("lenet-5");
        page_->scene().setFlow(Flow::Right);
        QTRY_VERIFY(!page_->scene().isLayingOut());
        QVERIFY(positionOf("pool1").x > positionOf("conv1").x + metrics::kNodeWidth);
        QCOMPARE(positionOf("pool1").y, positionOf("conv1").y);
        const NodeItem& conv = *page_->scene().nodeItem(idOf("conv1"));
        QCOMPARE(conv.portPos({{idOf("conv1"), {0}}, false}).x(), conv.sceneRect().right());
        page_->scene().selectNodes({idOf("conv1")});
        page_->view().setFocus();
        key(Qt::Key_Right, Qt::AltModifier); // with the flow
        QCOMPARE(page_->scene().selectedNodes(), std::vector{idOf("pool1")});
        undo(); // direction and places are one step
        QVERIFY(document_->project().canvas.flow == Flow::Down);
        QVERIFY(positionOf("pool1").y > positionOf("conv1").y);
    }

    void aLayoutCanBeCancelled() {
        openTemplate("lenet-5");
        const auto before = document_->project();
        page_->view().setFocus();
        key(Qt::Key_L, Qt::ControlModifier);
        QVERIFY(page_->scene().isLayingOut());
        key(Qt::Key_Escape);
        QVERIFY(!page_->scene().isLayingOut());
        QTest::qWait(300); // its answer, if it came, would be here
        QVERIFY(document_->project() == before);
    }

    void linksGoRoundNodes() {
        // In the way, as a wall with a hole far at the right.
        ObstacleMap map;
        std::vector<QRectF> walls;
        for (int i = -2; i < 3; ++i)
            walls.emplace_back(i * 230 - 104, 200, 208, 54);
        for (std::size_t i = 0; i < walls.size(); ++i)
            map.add({static_cast<std::uint32_t>(i + 10)}, walls[i]);
        map.add({1}, QRectF(-104, 0, 208, 54));
        map.add({2}, QRectF(-104, 400, 208, 54));
        const QPolygonF route = map.route({0, 54}, {1}, {0, 400}, {2}, Flow::Down);
        QVERIFY(route.size() >= 2);
        for (const QRectF& wall : walls)
            QVERIFY(!crosses(route, wall));
        QCOMPARE(route.first(), QPointF(0, 54));
        QCOMPARE(route.last(), QPointF(0, 400));

        // The same lying on its side.
        ObstacleMap turned;
        for (std::size_t i = 0; i < walls.size(); ++i)
            turned.add({static_cast<std::uint32_t>(i + 10)},
                       QRectF(walls[i].y(), walls[i].x(), walls[i].height(), walls[i].width()));
        turned.add({1}, QRectF(0, -104, 54, 208));
        turned.add({2}, QRectF(400, -104, 54, 208));
        const QPolygonF across = turned.route({54, 0}, {1}, {400, 0}, {2}, Flow::Right);
        for (const QRectF& wall : walls)
            QVERIFY(!crosses(across, QRectF(wall.y(), wall.x(), wall.height(), wall.width())));
        QCOMPARE(across.first(), QPointF(54, 0));
        QCOMPARE(across.last(), QPointF(400, 0));
    }

    /// Routing what is concerned alone gives what routing everything would give.
    void onlyLinksThatAreConcernedAreRoutedAnew() {
        std::mt19937 random(7);
        const auto number = [&](int most) { return static_cast<int>(random() % most); };
        struct Wire {
            NodeId from;
            NodeId to;
            QPolygonF corners = {};
        };
        for (const Flow flow : {Flow::Down, Flow::Right}) {
            std::map<NodeId, QRectF> nodes;
            for (std::uint32_t id = 1; id <= 80; ++id)
                nodes[{id}] = QRectF(number(20) * 130, number(40) * 70, 208, 54);
            std::vector<Wire> wires;
            for (int i = 0; i < 100; ++i)
                wires.push_back({{1U + static_cast<std::uint32_t>(number(80))},
                                 {1U + static_cast<std::uint32_t>(number(80))}});
            LinkRouter router;
            for (int round = 0; round < 60; ++round) {
                for (int moved = number(3); moved > 0; --moved)
                    nodes.at({1U + static_cast<std::uint32_t>(number(80))})
                        .moveTopLeft(QPointF(number(20) * 130, number(40) * 70));
                // Some without links come and go.
                if (const NodeId id{81U + static_cast<std::uint32_t>(number(9))};
                    number(3) == 0 && nodes.erase(id) == 0)
                    nodes[id] = QRectF(number(20) * 130, number(40) * 70, 208, 54);
                router.place({nodes.begin(), nodes.end()}, flow);
                ObstacleMap fresh;
                for (const auto& [id, rect] : nodes)
                    fresh.add(id, rect);
                for (Wire& wire : wires) {
                    const QRectF& a = nodes.at(wire.from);
                    const QRectF& b = nodes.at(wire.to);
                    const bool down = flow == Flow::Down;
                    const QPointF start = down ? QPointF(a.center().x(), a.bottom())
                                               : QPointF(a.right(), a.center().y());
                    const QPointF end =
                        down ? QPointF(b.center().x(), b.top()) : QPointF(b.left(), b.center().y());
                    wire.corners = router.route(wire.corners, start, wire.from, end, wire.to);
                    QCOMPARE(wire.corners, fresh.route(start, wire.from, end, wire.to, flow));
                }
            }
        }
    }

    void pointingTellsWhatIsThere() {
        openTemplate("lenet-5");
        CanvasView& view = page_->view();
        const auto pointAt = [&](QPointF at) {
            const QPoint position = view.mapFromScene(at);
            QHelpEvent event(QEvent::ToolTip, position, canvas()->mapToGlobal(position));
            QApplication::sendEvent(canvas(), &event);
        };
        const LinkId id = page_->scene().graph().linksOf(idOf("image")).front();
        const LinkItem* const link = page_->scene().linkItem(id);
        pointAt((link->corners().first() + link->corners().last()) / 2);
        QCOMPARE(link->toolTip(), QStringLiteral("image → conv1\n1×28×28, 784 values per sample"));
        const NodeItem* const node = page_->scene().nodeItem(idOf("conv1"));
        pointAt(node->sceneRect().center());
        QVERIFY2(node->toolTip().contains(QLatin1String("filters")), qPrintable(node->toolTip()));
    }

    void pinchingZoomsAboutTheFingers() {
        openTemplate("lenet-5");
        CanvasView& view = page_->view();
        view.setZoom(1);
        const QPointF fingers(420, 310);
        const QPointF beneath = view.mapToScene(fingers.toPoint());
        const auto pinch = [&](double by) {
            QNativeGestureEvent event(Qt::ZoomNativeGesture,
                                      QPointingDevice::primaryPointingDevice(), 2, fingers, fingers,
                                      canvas()->mapToGlobal(fingers), by, {});
            QApplication::sendEvent(canvas(), &event);
        };
        pinch(0.25);
        QCOMPARE(view.zoom(), 1.25);
        QVERIFY(QLineF(view.mapFromScene(beneath), fingers).length() <= 2);
        pinch(-0.2);
        QCOMPARE(view.zoom(), 1.0);
        for (int i = 0; i < 40; ++i)
            pinch(-0.9);
        QCOMPARE(view.zoom(), CanvasView::kMinZoom);
    }

    void nothingBecomesNaN() {
        openTemplate("lenet-5");
        const double zoom = page_->view().zoom();
        for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(),
                                 std::numeric_limits<double>::infinity()})
            page_->view().setZoom(bad);
        QVERIFY(std::isfinite(page_->view().zoom()) && page_->view().zoom() > 0);
        page_->view().setZoom(zoom);
        for (int i = 0; i < 80; ++i) {
            QWheelEvent wheel(QPointF(400, 300), canvas()->mapToGlobal(QPointF(400, 300)), {},
                              {0, i < 40 ? 1200 : -1200}, Qt::NoButton, Qt::NoModifier,
                              Qt::NoScrollPhase, false);
            QApplication::sendEvent(canvas(), &wheel);
            QVERIFY(page_->view().zoom() >= CanvasView::kMinZoom);
            QVERIFY(page_->view().zoom() <= CanvasView::kMaxZoom);
        }
        QVERIFY(std::isfinite(page_->view().mapToScene(QPoint(10, 10)).x()));
    }

    void theCanvasIsWrittenAsPictures() {
        openTemplate("lenet-5");
        page_->scene().selectAll();
        for (const char* const ending : {"svg", "png", "pdf"}) {
            const QString file = folder_.filePath(QStringLiteral("net.") + QLatin1String(ending));
            exportCanvas(page_->scene(), file);
            QFile read(file);
            QVERIFY(read.open(QIODevice::ReadOnly));
            const QByteArray bytes = read.readAll();
            if (ending == QByteArray("svg"))
                QVERIFY(bytes.contains("<svg") && bytes.contains("Conv"));
            else if (ending == QByteArray("pdf"))
                QVERIFY(bytes.startsWith("%PDF"));
            else
                QVERIFY(QImage::fromData(bytes).height() > page_->scene().contentRect().height());
        }
        QVERIFY(!page_->scene().selectedNodes().empty()); // as before
        QVERIFY_EXCEPTION_THROWN(exportCanvas(page_->scene(), folder_.filePath("net.gif")),
                                 std::exception);
    }

    void aScreenReaderFindsEverything() {
        openTemplate("lenet-5");
        QAccessibleInterface* const list = QAccessible::queryAccessibleInterface(&page_->view());
        QVERIFY(list != nullptr);
        QCOMPARE(list->role(), QAccessible::List);
        QCOMPARE(list->childCount(),
                 static_cast<int>(graph().nodes().size() + graph().links().size()));
        QStringList names;
        QAccessibleInterface* conv = nullptr;
        for (int i = 0; i < list->childCount(); ++i) {
            names << list->child(i)->text(QAccessible::Name);
            if (names.last().startsWith(QStringLiteral("conv1,")))
                conv = list->child(i);
            QCOMPARE(list->indexOfChild(list->child(i)), i);
        }
        QVERIFY(names.contains(QStringLiteral("Link from conv1 to pool1")));
        QVERIFY(conv != nullptr);
        QVERIFY(conv->text(QAccessible::Description).contains(QStringLiteral("Feeds pool1")));
        QVERIFY(conv->text(QAccessible::Description).contains(QStringLiteral("Shape")));
        page_->scene().selectNodes({idOf("conv1")});
        QVERIFY(conv->state().selected);
        document_->perform(QStringLiteral("Break"),
                           {NetworkEdit{NetworkEdit::Group{
                               {SetParam{"", idOf("conv1"), "kernel", IntTuple{99, 99}}},
                               {SetParam{"", idOf("conv1"), "padding", std::string("valid")}}}}});
        QVERIFY(conv->text(QAccessible::Description).contains(QStringLiteral("99")));
        removeSelection(page_->scene().canvas());
        QVERIFY(!conv->isValid());
    }
};

QTEST_MAIN(TestCanvasGestures)
#include "tst_canvas_gestures.moc"
