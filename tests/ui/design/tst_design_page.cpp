// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/design/design_bench.h"
#include "ui/canvas/callout_item.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/canvas/copy_commands.h"
#include "ui/design/design_page.h"
#include "ui/forms/param_editor.h"
#include "ui/inspector/inspector_panel.h"
#include "ui/palette/layer_palette.h"
#include "ui/problems/problems_panel.h"

#include <QApplication>
#include <QClipboard>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QWheelEvent>

#include <memory>

using namespace gradwright;

/// The page as a user has it: mouse and keys go in, the document is looked at.
class TestDesignPage : public QObject, private test::DesignBench {
    Q_OBJECT

private Q_SLOTS:
    void init() { open(); }
    void cleanup() { close(); }

    void aNetworkIsBuiltFromNothingByKeys() {
        for (const char* name : {"input", "flatten", "dense", "softmax", "output"})
            addByKeys(QString::fromLatin1(name));
        QCOMPARE(graph().nodes().size(), 5U);
        QCOMPARE(graph().links().size(), 4U);
        QVERIFY(graph().linkInto({idOf("dense1"), {0}})->from.node == idOf("flatten1"));
        QVERIFY(!document_->analysis().hasErrors());
        QVERIFY(document_->analysis().parameters > 0);

        for (int i = 0; i < 5; ++i)
            QTest::keyClick(&page_->view(), Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(graph().nodes().empty());
        for (int i = 0; i < 5; ++i)
            QTest::keyClick(&page_->view(), Qt::Key_Y, Qt::ControlModifier);
        QCOMPARE(graph().links().size(), 4U);
    }

    /// A Split has as many outputs as its parameter says, and a link keeps the one that it leaves.
    void outputsFollowAParameter() {
        page_->scene().addLayer("input", QPointF(0, 0));
        page_->scene().addLayer("split", QPointF(0, 120));
        page_->scene().addLayer("relu", QPointF(-200, 260));
        page_->scene().addLayer("tanh", QPointF(200, 260));
        page_->view().fit();
        const auto set = [&](const char* node, const char* param, ParamValue value) {
            document_->perform(QStringLiteral("Set"),
                               {NetworkEdit{SetParam{"", idOf(node), param, std::move(value)}}});
        };
        set("input1", "shape", IntTuple{6, 4, 4});
        drag(port("input1", false), port("split1", true));
        drag(port("split1", false, 1), port("relu1", true));
        const Link* const second = graph().linkInto({idOf("relu1"), {0}});
        QVERIFY(second != nullptr);
        QCOMPARE(second->from.port.value, 1U);
        set("split1", "parts", std::int64_t{3});
        QVERIFY(port("split1", false, 2).x() > port("split1", false, 1).x());
        drag(port("split1", false, 2), port("tanh1", true));
        QVERIFY(graph().linkInto({idOf("tanh1"), {0}}) != nullptr);
        QCOMPARE(graph().linkInto({idOf("tanh1"), {0}})->from.port.value, 2U);
        const auto& analysis = document_->analysis();
        QVERIFY((analysis.nodes[analysis.indexOf("tanh1")].output == Shape{2, 4, 4}));
        for (int i = 0; i < 2; ++i)
            QTest::keyClick(&page_->view(), Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(portsOf(document_->project().network, *graph().findByName("split1"))->outputs,
                 std::size_t{2});
    }

    void linksAreDraggedPortToPort() {
        page_->scene().addLayer("input", QPointF(0, 0));
        page_->scene().addLayer("flatten", QPointF(0, 120));
        page_->scene().addLayer("dense", QPointF(0, 240));
        page_->view().fit();
        QVERIFY(graph().links().empty());
        drag(port("input1", false), port("flatten1", true));
        // Backwards works as well.
        drag(port("dense1", true), port("flatten1", false));
        QCOMPARE(graph().links().size(), 2U);
        QVERIFY(graph().linkInto({idOf("dense1"), {0}})->from.node == idOf("flatten1"));

        // A cycle is refused, with the reason.
        QString reason;
        connect(page_.get(), &DesignPage::hint, this, [&](const QString& text) {
            if (!text.isEmpty())
                reason = text;
        });
        drag(port("dense1", false), port("flatten1", true));
        QCOMPARE(graph().links().size(), 2U);
        QVERIFY(!reason.isEmpty());

        // The end of a link, dragged into the void, removes it.
        drag(port("flatten1", true), port("flatten1", true) + QPoint(260, 20));
        QCOMPARE(graph().links().size(), 1U);
        document_->undoStack().undo();
        QCOMPARE(graph().links().size(), 2U);
    }

    void aLayerDroppedOnALinkIsPutIntoIt() {
        page_->scene().addLayer("input", QPointF(0, 0));
        page_->scene().addLayer("dense", QPointF(0, 240));
        page_->view().fit();
        drag(port("input1", false), port("dense1", true));
        page_->scene().addLayer("flatten", QPointF(0, 120));
        QCOMPARE(graph().links().size(), 2U);
        QVERIFY(graph().linkInto({idOf("dense1"), {0}})->from.node == idOf("flatten1"));
        document_->undoStack().undo();
        QVERIFY(graph().linkInto({idOf("dense1"), {0}})->from.node == idOf("input1"));
    }

    void aDragMovesInOneStepOnTheGrid() {
        addByKeys(QStringLiteral("input"));
        page_->view().setZoom(1);
        const QPointF before = page_->scene().nodeItem(idOf("input1"))->pos();
        const int steps = document_->undoStack().count();
        const QPoint start = nodeCenter("input1");
        drag(start, start + QPoint(103, 50));
        const QPointF after = page_->scene().nodeItem(idOf("input1"))->pos();
        QCOMPARE(after - before, QPointF(104, 52));
        QCOMPARE(document_->undoStack().count(), steps + 1);
        QVERIFY(document_->project().canvas.positions.at("").at(idOf("input1")) ==
                (Point{after.x(), after.y()}));
        document_->undoStack().undo();
        QCOMPARE(page_->scene().nodeItem(idOf("input1"))->pos(), before);
        // Arrows move by the grid.
        click(nodeCenter("input1"));
        page_->view().setFocus();
        QTest::keyClick(&page_->view(), Qt::Key_Right);
        QCOMPARE(page_->scene().nodeItem(idOf("input1"))->pos(), before + QPointF(4, 0));
    }

    void severalAreSelectedCopiedAndDeleted() {
        openTemplate("perceptron");
        const std::size_t count = graph().nodes().size();
        page_->view().setFocus();
        QTest::keyClick(&page_->view(), Qt::Key_A, Qt::ControlModifier);
        QCOMPARE(page_->scene().selectedNodes().size(), count);
        QTest::keyClick(&page_->view(), Qt::Key_C, Qt::ControlModifier);
        QTest::keyClick(&page_->view(), Qt::Key_V, Qt::ControlModifier);
        QCOMPARE(graph().nodes().size(), 2 * count);
        QCOMPARE(page_->scene().selectedNodes().size(), count);
        QTest::keyClick(&page_->view(), Qt::Key_Delete);
        QCOMPARE(graph().nodes().size(), count);

        const std::size_t links = graph().links().size();
        click(nodeCenter(graph().nodes().begin()->second.name.c_str()));
        QCOMPARE(page_->scene().selectedNodes().size(), 1U);
        QTest::keyClick(&page_->view(), Qt::Key_D, Qt::ControlModifier);
        QCOMPARE(graph().nodes().size(), count + 1);
        QCOMPARE(graph().links().size(), links);
        document_->undoStack().undo();

        QGuiApplication::clipboard()->setText(QStringLiteral("no layers"));
        const Project before = document_->project();
        paste(page_->scene().canvas());
        QVERIFY(document_->project() == before);
    }

    void anotherProjectBeginsWithNothingSelected() {
        openTemplate("lenet-5");
        click(nodeCenter("conv1"));
        QCOMPARE(selectedName(), std::string("conv1"));
        document_->newFromTemplate("multilayer-perceptron"); // its layers have the same numbers
        QVERIFY(page_->scene().selectedNodes().empty());
    }

    void aProblemIsFixedByItsButton() {
        page_->scene().addLayer("input", QPointF(0, 0));
        page_->scene().addLayer("dense", QPointF(0, 120));
        page_->view().fit();
        document_->perform(
            QStringLiteral("Image"),
            {NetworkEdit{SetParam{"", idOf("input1"), "shape", ParamValue{IntTuple{1, 28, 28}}}}});
        drag(port("input1", false), port("dense1", true));
        QVERIFY(document_->analysis().hasErrors());
        QVERIFY(page_->scene().callout() != nullptr);
        QCOMPARE(page_->scene().nodeItem(idOf("dense1"))->look().state, NodeLook::State::Error);
        // First on the canvas, then in the list.
        page_->view().fit();
        const QPointF button = page_->scene().callout()->buttonRect().center();
        page_->view().centerOn(button);
        click(onScreen(button));
        QVERIFY(!document_->analysis().hasErrors());
        QVERIFY(page_->scene().callout() == nullptr);

        document_->undoStack().undo();
        QVERIFY(document_->analysis().hasErrors());
        // The list holds what was there before until events are handled; errors stand first.
        QPushButton* fix = nullptr;
        const auto find = [&] {
            const auto heightOf = [&](const QPushButton* each) {
                return each->mapTo(&page_->problems(), QPoint()).y();
            };
            for (auto* const each :
                 page_->problems().findChildren<QPushButton*>(QStringLiteral("fix")))
                if (each->isVisible() && (fix == nullptr || heightOf(each) < heightOf(fix)))
                    fix = each;
            return fix != nullptr;
        };
        QTRY_VERIFY(find());
        QTest::mouseClick(fix, Qt::LeftButton);
        QVERIFY(!document_->analysis().hasErrors());
        QVERIFY(graph().nodes().size() == 3U);
    }

    void parametersAreEditedInTheInspector() {
        addByKeys(QStringLiteral("dense"));
        const NodeId id = idOf("dense1");
        const int steps = document_->undoStack().count();
        auto* const spin = page_->inspector().editor("units")->findChild<QSpinBox*>();
        QVERIFY(spin != nullptr);
        spin->setFocus();
        spin->selectAll();
        QTest::keyClicks(spin, QStringLiteral("128"));
        QTest::keyClick(spin, Qt::Key_Return);
        QCOMPARE(std::get<std::int64_t>(graph().find(id)->params.at("units")), 128);
        QCOMPARE(document_->undoStack().count(), steps + 1); // one step for three keys
        QCOMPARE(page_->scene().nodeItem(id)->look().title, QStringLiteral("Dense 128"));
        document_->undoStack().undo();
        QVERIFY(!graph().find(id)->params.contains("units"));

        auto* const name = page_->inspector().findChild<QLineEdit*>(QStringLiteral("name"));
        name->setFocus();
        name->selectAll();
        QTest::keyClicks(name, QStringLiteral("hidden"));
        QTest::keyClick(name, Qt::Key_Return);
        QCOMPARE(graph().find(id)->name, std::string("hidden"));
    }

    void zoomKeepsWhatIsUnderTheCursor() {
        openTemplate("lenet-5");
        const QPoint at(500, 300);
        const QPointF before = page_->view().mapToScene(at);
        const auto turn = [&](int delta) {
            QWheelEvent wheel(at, canvas()->mapToGlobal(at), {}, {0, delta}, {}, {},
                              Qt::NoScrollPhase, false);
            QCoreApplication::sendEvent(canvas(), &wheel);
        };
        turn(240);
        const QPointF after = page_->view().mapToScene(at);
        QVERIFY(QLineF(before, after).length() < 3);
        for (int i = 0; i < 100; ++i)
            turn(1200);
        QCOMPARE(page_->view().zoom(), CanvasView::kMaxZoom);
        for (int i = 0; i < 100; ++i)
            turn(-1200);
        QCOMPARE(page_->view().zoom(), CanvasView::kMinZoom);
    }

    void automaticLayoutIsOneStep() {
        openTemplate("small-residual");
        QTRY_VERIFY(document_->undoStack().count() == 0);
        page_->scene().layOut();
        QTRY_COMPARE(document_->undoStack().count(), 1);
        const auto& positions = document_->project().canvas.positions.at("");
        QCOMPARE(positions.size(), graph().nodes().size());
        for (const auto& [id, link] : graph().links()) { // it flows down, or to the next column
            const Point& from = positions.at(link.from.node);
            const Point& to = positions.at(link.to.node);
            QVERIFY(from.y < to.y || to.x > from.x);
        }
        const auto laidOut = document_->project().canvas.positions;
        document_->undoStack().undo();
        QVERIFY(document_->project().canvas.positions != laidOut);
    }

    /// With GRADWRIGHT_SHOTS naming a folder: pictures to look at.
    void itIsPainted() {
        const QString folder = qEnvironmentVariable("GRADWRIGHT_SHOTS");
        for (const ThemeChoice choice : {ThemeChoice::Dark, ThemeChoice::Light}) {
            themes_->setChoice(choice);
            openTemplate("small-residual");
            QTest::qWait(300);
            NodeId wide{0};
            for (const auto& [id, node] : graph().nodes())
                if (node.layerUse()->layer == "conv2d")
                    wide = id;
            document_->perform(
                QStringLiteral("Break"),
                {NetworkEdit{NetworkEdit::Group{
                    {SetParam{"", wide, "kernel", ParamValue{IntTuple{64, 64}}}},
                    {SetParam{"", wide, "padding", ParamValue{std::string("valid")}}}}}});
            page_->scene().selectNodes({wide});
            page_->view().setZoom(1);
            page_->view().centerOnNode(wide);
            QTest::qWait(50);
            const QImage image = page_->grab().toImage();
            const QColor background = themes_->theme().panel;
            QCOMPARE(image.pixelColor(4, image.height() - 4), background);
            if (!folder.isEmpty())
                image.save(folder + (choice == ThemeChoice::Dark ? QStringLiteral("/dark.png")
                                                                 : QStringLiteral("/light.png")));
        }
    }
};

QTEST_MAIN(TestDesignPage)
#include "tst_design_page.moc"
