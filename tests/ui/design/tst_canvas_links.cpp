// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/design/design_bench.h"
#include "ui/canvas/link_item.h"

#include <QDialog>
#include <QImage>
#include <QPainter>
#include <QPointer>

using namespace gradwright;

/// Links by mouse: where they may end, what is said of those that do not fit, how they are drawn.
class TestCanvasLinks : public QObject, private test::DesignBench {
    Q_OBJECT

private:
    void undo() { document_->undoStack().undo(); }

private Q_SLOTS:
    void init() { open(); }
    void cleanup() { close(); }

    void bothEndsOfALinkCanBeTakenElsewhere() {
        build();
        // By its upper end to another source …
        const QPoint start = port("dense1", false);
        const QPoint end = port("dense2", true);
        drag(start + (end - start) / 8, port("relu1", false));
        QVERIFY(linked("relu1", "dense2"));
        QVERIFY(!linked("dense1", "dense2"));
        undo();
        // … by its lower end to another target …
        drag(end, port("relu1", true));
        QVERIFY(linked("dense1", "relu1"));
        QVERIFY(graph().linkInto({idOf("dense2"), {0}}) == nullptr);
        undo();
        // … where it would close a cycle, it stays.
        drag(port("dense1", true), port("dense2", false));
        QVERIFY(linked("input1", "dense1"));
        // Let go on free canvas, it is deleted.
        drag(end, end + QPoint(-250, 30));
        QVERIFY(graph().linkInto({idOf("dense2"), {0}}) == nullptr);
    }

    void aCycleIsRefusedWithTheReason() {
        build();
        QString reason;
        connect(&page_->scene(), &CanvasScene::hint, this,
                [&](const QString& text) { reason = text.isEmpty() ? reason : text; });
        drag(port("dense2", false), port("relu1", true));
        QVERIFY(linked("dense2", "relu1"));
        page_->scene().addLayer("add", QPointF(-300, 160));
        drag(port("add1", false), port("relu1", true)); // taken already
        QVERIFY2(reason.contains(QStringLiteral("already takes a link")), qPrintable(reason));
        drag(port("relu1", false), port("add1", true));
        QVERIFY(linked("relu1", "add1"));
        // An Add takes any number of links, so that nothing but the cycle speaks against this one.
        page_->scene().addLayer("relu", QPointF(-300, 260));
        drag(port("add1", false), port("relu2", true));
        QVERIFY(linked("add1", "relu2"));
        reason.clear();
        drag(port("relu2", false), port("add1", true, 1));
        QVERIFY2(reason.contains(QStringLiteral("cycle")), qPrintable(reason));
        QVERIFY(!linked("relu2", "add1"));
    }

    void aLinkDroppedOnALayerEndsAtItsPort() {
        build();
        drag(port("dense2", false), nodeCenter("relu1"));
        QVERIFY(linked("dense2", "relu1"));
        undo();
        // Backwards as well; and where no port takes it, the reason is said and nothing opens.
        drag(port("relu1", true), nodeCenter("dense2"));
        QVERIFY(linked("dense2", "relu1"));
        QString reason;
        connect(&page_->scene(), &CanvasScene::hint, this,
                [&](const QString& text) { reason = text.isEmpty() ? reason : text; });
        const int steps = document_->undoStack().count();
        drag(port("relu1", false), nodeCenter("dense1"));
        QVERIFY2(reason.contains(QStringLiteral("already takes a link")), qPrintable(reason));
        // Let go over the layer where it began, it was given up.
        drag(port("relu1", false), nodeCenter("relu1"));
        QCOMPARE(document_->undoStack().count(), steps);
        QVERIFY(page_->view().findChild<QDialog*>(QStringLiteral("quickAdd")) == nullptr);
    }

    void aLinkLetGoNearItsPortAsksForALayer() {
        build();
        drag(port("dense2", false), port("dense2", false) + QPoint(0, 30));
        QPointer<QDialog> popup = page_->view().findChild<QDialog*>(QStringLiteral("quickAdd"));
        QVERIFY(popup != nullptr && popup->isVisible());
        popup->close();
        QTRY_VERIFY(popup == nullptr);
    }

    void noLinkStrikesThroughAShape() {
        build();
        const LinkItem* const link = page_->scene().linkItem(graph().links().begin()->first);
        const QRectF pill = link->pillRect().adjusted(2, 2, -2, -2); // without its round corners
        QVERIFY(!pill.isEmpty());
        // A line of another link through the middle of the pill would be seen in its picture; that
        // link's own pill lies elsewhere.
        const auto picture = [&] {
            QImage image(pill.size().toSize(), QImage::Format_RGB32);
            QPainter painter(&image);
            page_->scene().render(&painter, {}, pill, Qt::IgnoreAspectRatio);
            return image;
        };
        const QImage before = picture();
        drag(port("dense2", false), port("relu1", true));
        LinkItem* const other =
            page_->scene().canvas().items().link(graph().linkInto({idOf("relu1"), {0}})->id);
        other->setRoute(QPolygonF(
            {{pill.left() - 800, pill.center().y()}, {pill.right() + 100, pill.center().y()}}));
        QCOMPARE(picture(), before);
    }

    void pillsOfCrossingLinksStandApart() {
        build();
        drag(port("dense2", false), port("relu1", true));
        const auto item = [&](const char* to) {
            return page_->scene().canvas().items().link(graph().linkInto({idOf(to), {0}})->id);
        };
        LinkItem* const across = item("dense2");
        LinkItem* const down = item("relu1");
        // The middles of their longest parts lie 14 px apart.
        across->setRoute(QPolygonF({{0, 0}, {0, 40}, {400, 40}, {400, 200}}));
        down->setRoute(QPolygonF({{190, -200}, {190, 300}, {260, 300}}));
        QVERIFY(across->pillRect().intersects(down->pillRect()));
        std::vector<QRectF> taken;
        across->placePill(taken);
        down->placePill(taken);
        QCOMPARE(across->pillRect().center(), QPointF(200, 40));
        QVERIFY(!across->pillRect().intersects(down->pillRect()));
        // Each pill lies on its own link still, and where its item is painted.
        QCOMPARE(down->pillRect().center().x(), 190.0);
        QVERIFY(down->boundingRect().contains(down->pillRect()));
    }

    void theShapeIsExplainedWhileDragging() {
        page_->scene().addLayer("input", QPointF(0, 0)); // 1×28×28
        page_->scene().addLayer("dense", QPointF(0, 200));
        page_->view().setZoom(1);
        page_->view().centerOn(0, 100);
        QString said;
        connect(&page_->scene(), &CanvasScene::hint, this,
                [&](const QString& text) { said = text.isEmpty() ? said : text; });
        drag(port("input1", false), port("dense1", true));
        QVERIFY2(said.contains(QStringLiteral("28")), qPrintable(said));
        QVERIFY(linked("input1", "dense1")); // a diagnostic with fixes, not a refusal
    }
};

QTEST_MAIN(TestCanvasLinks)
#include "tst_canvas_links.moc"
