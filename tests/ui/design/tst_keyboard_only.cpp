// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/catalog.h"
#include "tests/ui/design/design_bench.h"
#include "ui/inspector/inspector_panel.h"

#include <QMenu>
#include <QTimer>

#include <set>

using namespace gradwright;

/// LeNet-5 from nothing, without a mouse.
class TestKeyboardOnly : public QObject, private test::DesignBench {
    Q_OBJECT

private:
    /// To whatever has the focus, as a keyboard does.
    static QWidget* focused() {
        QWidget* const popup = QApplication::activePopupWidget();
        if (popup != nullptr && popup->focusWidget() != nullptr)
            return popup->focusWidget();
        return QApplication::focusWidget();
    }
    static void press(int key, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(focused(), static_cast<Qt::Key>(key), modifiers);
    }
    static void type(const QString& text) { QTest::keyClicks(focused(), text); }

    /// A layer behind the selected one, found in the palette.
    void add(const QString& search) {
        page_->view().setFocus();
        press(Qt::Key_Slash);
        type(search);
        press(Qt::Key_Return);
        page_->view().setFocus();
    }

private Q_SLOTS:
    void init() { open(); }
    void cleanup() { close(); }

    void lenetFromNothing() {
        for (const char* const search : {"input", "conv 2d", "max-pool2d", "conv 2d", "max-pool2d",
                                         "flatten", "dense", "dense", "dense", "softmax", "output"})
            add(QString::fromLatin1(search));
        // Each follows the one before, since that one was selected.
        QCOMPARE(graph().nodes().size(), 11U);
        QCOMPARE(graph().links().size(), 10U);

        // Walk to the first layers and set their parameters in the inspector.
        const auto setParam = [&](const char* node, const char* label, const QString& value) {
            page_->view().setFocus();
            for (int steps = 0; steps < 30 && selectedName() != node; ++steps)
                press(Qt::Key_Period);
            QCOMPARE(selectedName(), std::string(node));
            press(Qt::Key_Return);
            // Tab to the field of that name.
            for (int steps = 0; steps < 60; ++steps) {
                QWidget* const field = QApplication::focusWidget();
                if (field != nullptr && field->accessibleName() == QLatin1String(label))
                    break;
                press(Qt::Key_Tab);
            }
            QCOMPARE(QApplication::focusWidget()->accessibleName(), QString::fromLatin1(label));
            press(Qt::Key_A, Qt::ControlModifier);
            type(value);
            press(Qt::Key_Return);
        };
        setParam("conv1", "Filters", QStringLiteral("6"));
        setParam("conv2", "Filters", QStringLiteral("16"));
        setParam("dense1", "Units", QStringLiteral("120"));
        setParam("dense2", "Units", QStringLiteral("84"));
        setParam("dense3", "Units", QStringLiteral("10"));
        QCOMPARE(Params(findLayer("dense")->params, graph().findByName("dense3")->params)
                     .integer("units"),
                 10);
        QVERIFY(!document_->analysis().hasErrors());
        page_->view().setFocus();
        press(Qt::Key_L, Qt::ControlModifier); // and in good order
        QTRY_VERIFY(!page_->scene().isLayingOut());

        // Undo all of it, by keys.
        for (int i = 0; i < 200 && document_->undoStack().canUndo(); ++i)
            press(Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(graph().nodes().empty());
    }

    void arrowsBeginAtTheFirstLayer() {
        openTemplate("lenet-5");
        page_->view().setFocus();
        page_->scene().clearSelection();
        press(Qt::Key_Down);
        QCOMPARE(selectedName(), std::string("image"));
        const int steps = document_->undoStack().count();
        press(Qt::Key_Down); // what is selected is moved
        QCOMPARE(selectedName(), std::string("image"));
        QCOMPARE(document_->undoStack().count(), steps + 1);
        // Both keys of that name edit the layer that is reached.
        for (const Qt::Key key : {Qt::Key_Return, Qt::Key_Enter}) {
            page_->view().setFocus();
            press(Qt::Key_Down, Qt::AltModifier);
            press(key);
            QVERIFY(page_->inspector().isAncestorOf(QApplication::focusWidget()));
        }
        QCOMPARE(selectedName(), std::string("pool1"));
    }

    void theMenuOpensByKeys() {
        openTemplate("lenet-5");
        page_->view().setFocus();
        page_->scene().selectNodes({idOf("dense1")});
        QStringList texts;
        QTimer::singleShot(0, page_.get(), [&texts] {
            auto* const menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
            QVERIFY(menu != nullptr);
            for (const QAction* const action : menu->actions())
                texts << action->text();
            menu->close();
        });
        press(Qt::Key_F10, Qt::ShiftModifier);
        QVERIFY2(texts.contains(QStringLiteral("Edit parameters")),
                 qPrintable(texts.join(QStringLiteral(", "))));
    }

    void everythingOnTheCanvasIsReached() {
        openTemplate("lenet-5");
        page_->view().setFocus();
        std::set<const QGraphicsItem*> reached;
        const std::size_t all = graph().nodes().size() + graph().links().size();
        for (std::size_t i = 0; i < all; ++i) {
            press(Qt::Key_Period);
            const auto selected = page_->scene().selectedItems();
            QCOMPARE(selected.size(), 1);
            reached.insert(selected.first());
        }
        QCOMPARE(reached.size(), all);
        // A link that is reached can be deleted.
        while (page_->scene().selectedLinks().empty())
            press(Qt::Key_Comma);
        const std::size_t links = graph().links().size();
        press(Qt::Key_Delete);
        QCOMPARE(graph().links().size(), links - 1);
    }
};

QTEST_MAIN(TestKeyboardOnly)
#include "tst_keyboard_only.moc"
