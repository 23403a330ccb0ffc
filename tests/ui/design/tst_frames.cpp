// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "tests/ui/design/design_bench.h"
#include "ui/canvas/frame_item.h"

using namespace gradwright;

/// Frames around layers, by mouse and keys.
class TestFrames : public QObject, private test::DesignBench {
    Q_OBJECT

private:
    [[nodiscard]] const std::map<FrameId, Frame>& frames() const {
        return document_->project().canvas.frames;
    }
    [[nodiscard]] const Frame& frame() const { return frames().begin()->second; }
    [[nodiscard]] const FrameItem& item() const {
        return *page_->scene().frameItem(frames().begin()->first);
    }
    [[nodiscard]] QPoint titleOnScreen() const {
        return onScreen(item().mapToScene(item().titleRect().center()));
    }
    [[nodiscard]] Point positionOf(const char* name) const {
        return document_->project().canvas.positions.at("").at(idOf(name));
    }
    /// Two layers in a frame titled "stem", one outside.
    void makeFrame() {
        page_->scene().addLayer("input", QPointF(0, 0));
        page_->scene().addLayer("flatten", QPointF(0, 120));
        page_->scene().addLayer("dense", QPointF(0, 400));
        page_->scene().selectNodes({idOf("input1"), idOf("flatten1")});
        page_->view().fit();
        page_->view().setFocus();
        QTest::keyClick(&page_->view(), Qt::Key_G);
        typeInPlace(QStringLiteral("stem"));
        page_->scene().selectNodes({});
    }

private Q_SLOTS:
    void init() { open(); }
    void cleanup() { close(); }

    void itIsDrawnAroundTheSelection() {
        makeFrame();
        QCOMPARE(frames().size(), 1U);
        QCOMPARE(frame().title, std::string("stem"));
        for (const char* name : {"input1", "flatten1"})
            QVERIFY(item().sceneRect().contains(
                metrics::nodeRect().translated(page_->scene().nodeItem(idOf(name))->pos())));
        QVERIFY(!item().sceneRect().contains(page_->scene().nodeItem(idOf("dense1"))->pos()));
        document_->undoStack().undo(); // the title
        QCOMPARE(frame().title, std::string("Frame"));
        document_->undoStack().undo();
        QVERIFY(frames().empty());
        document_->undoStack().redo();
        QCOMPARE(frames().size(), 1U);
    }

    void withoutASelectionItSaysWhatIsMissing() {
        QString reason;
        connect(page_.get(), &DesignPage::hint, this, [&](const QString& text) { reason = text; });
        page_->view().setFocus();
        QTest::keyClick(&page_->view(), Qt::Key_G);
        QVERIFY(!reason.isEmpty());
        QVERIFY(frames().empty());
    }

    void draggingItMovesWhatIsInside() {
        makeFrame();
        const Point inside = positionOf("flatten1");
        const Point outside = positionOf("dense1");
        const Point before = frame().position;
        const int steps = document_->undoStack().count();
        drag(titleOnScreen(), titleOnScreen() + QPoint(80, 40));
        const double dx = frame().position.x - before.x;
        QVERIFY(dx > 40);
        QCOMPARE(positionOf("flatten1").x - inside.x, dx);
        QVERIFY(positionOf("dense1") == outside);
        QCOMPARE(document_->undoStack().count(), steps + 1);
        document_->undoStack().undo();
        QVERIFY(frame().position == before);
        QVERIFY(positionOf("flatten1") == inside);
    }

    void itsCornerChangesTheSize() {
        makeFrame();
        const double width = frame().width;
        const Point layer = positionOf("flatten1");
        const QPoint corner = onScreen(item().mapToScene(item().handleRect().center()));
        drag(corner, corner + QPoint(60, 30));
        QVERIFY(frame().width > width + 20);
        QVERIFY(positionOf("flatten1") == layer);
        drag(corner + QPoint(60, 30), corner - QPoint(2000, 2000));
        QVERIFY(frame().width > 0 && frame().height > 0);
    }

    void insideItTheCanvasIsFree() {
        makeFrame();
        // A rubber band from inside the frame selects layers, not the frame.
        const QRectF box = item().sceneRect();
        drag(onScreen(box.bottomLeft() + QPointF(14, -10)),
             onScreen(page_->scene().nodeItem(idOf("flatten1"))->pos() + QPointF(60, 20)));
        QCOMPARE(page_->scene().selectedNodes(), std::vector<NodeId>{idOf("flatten1")});
        QVERIFY(page_->scene().selectedFrames().empty());
    }

    void itIsRenamedAndDeleted() {
        makeFrame();
        QTest::mouseDClick(canvas(), Qt::LeftButton, {}, titleOnScreen());
        typeInPlace(QStringLiteral("head"));
        QCOMPARE(frame().title, std::string("head"));
        click(titleOnScreen());
        QCOMPARE(page_->scene().selectedFrames().size(), 1U);
        QTest::keyClick(&page_->view(), Qt::Key_Delete);
        QVERIFY(frames().empty());
        QCOMPARE(graph().nodes().size(), 3U);
    }

    void itIsSaved() {
        makeFrame();
        const auto file = std::filesystem::path(folder_.path().toStdString()) / "frames.gradwright";
        document_->saveAs(file);
        QVERIFY(loadProject(file).canvas.frames == frames());
        document_->newProject();
        QVERIFY(frames().empty());
        document_->open(file);
        QCOMPARE(item().title(), QStringLiteral("stem"));
    }
};

QTEST_MAIN(TestFrames)
#include "tst_frames.moc"
