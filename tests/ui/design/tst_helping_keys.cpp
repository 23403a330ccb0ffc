// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/design/design_bench.h"
#include "ui/canvas/callout_item.h"
#include "ui/canvas/quick_add.h"
#include "ui/forms/param_editor.h"
#include "ui/inspector/inspector_panel.h"
#include "ui/palette/layer_palette.h"

#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSpinBox>
#include <QTimer>

#include <algorithm>

using namespace gradwright;

/// Where the program helps along: layers that link themselves, fixes by key, undo from a field, and
/// the menu of a layer.
class TestHelpingKeys : public QObject, private test::DesignBench {
    Q_OBJECT

private:
    void key(int key, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(&page_->view(), static_cast<Qt::Key>(key), modifiers);
    }
    /// The list of layers had the focus before.
    void activate() {
        page_->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(page_.get()));
        page_->view().setFocus();
    }
    /// A, and a part of the layer's name.
    void quickAdd(const QString& typed) {
        activate();
        key(Qt::Key_A);
        QuickAdd* popup = nullptr;
        for (auto* const each : page_->findChildren<QuickAdd*>())
            if (each->isVisible())
                popup = each;
        QVERIFY(popup != nullptr);
        auto* const search = popup->findChild<QLineEdit*>();
        QTest::keyClicks(search, typed);
        QTest::keyClick(search, Qt::Key_Return);
        QTRY_VERIFY(page_->findChildren<QuickAdd*>().isEmpty());
    }
    [[nodiscard]] bool isLinked(const char* from, const char* to) const {
        const Link* const link = graph().linkInto({idOf(to), {0}});
        return link != nullptr && link->from.node == idOf(from);
    }
    [[nodiscard]] bool nothingOverlaps() const {
        std::vector<QRectF> boxes;
        for (const auto& [id, node] : graph().nodes())
            boxes.push_back(page_->scene().nodeItem(id)->sceneRect());
        for (std::size_t i = 0; i < boxes.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                if (boxes[i].intersects(boxes[j]))
                    return false;
        return true;
    }
    void select(const char* name) { page_->scene().selectNodes({idOf(name)}); }
    QSpinBox& spin(const char* param) const {
        ParamEditor* const editor = page_->inspector().editor(param);
        return *editor->findChild<QSpinBox*>();
    }

private Q_SLOTS:
    void init() { open(); }
    void cleanup() { close(); }

    void quickAddLinksWithWhatIsSelected() {
        quickAdd(QStringLiteral("input"));
        quickAdd(QStringLiteral("flatten"));
        quickAdd(QStringLiteral("dense"));
        QVERIFY(isLinked("input1", "flatten1"));
        QVERIFY(isLinked("flatten1", "dense1"));
        QCOMPARE(selectedName(), std::string("dense1"));
        // A second branch, beside the first.
        select("flatten1");
        quickAdd(QStringLiteral("dropout"));
        QVERIFY(isLinked("flatten1", "dropout1"));
        QVERIFY(isLinked("flatten1", "dense1"));
        QVERIFY(nothingOverlaps());
    }

    void withoutSelectionLayersDoNotCoverEachOther() {
        for (const char* const layer : {"dense", "dropout", "flatten"}) {
            page_->scene().selectNodes({});
            quickAdd(QString::fromLatin1(layer));
        }
        QCOMPARE(graph().nodes().size(), 3U);
        QVERIFY(graph().links().empty());
        QVERIFY(nothingOverlaps());
    }

    void undoWorksFromAFieldOfTheInspector() {
        page_->scene().addLayer("dense", QPointF(0, 0));
        const auto units = [&] {
            const Node& node = *graph().findByName("dense1");
            const auto found = node.params.find("units");
            return found == node.params.end() ? 64 : std::get<std::int64_t>(found->second);
        };
        QCOMPARE(units(), 64);
        auto& field = spin("units");
        field.setFocus();
        field.selectAll();
        QTest::keyClicks(&field, QStringLiteral("128"));
        QCOMPARE(units(), 128);
        QVERIFY(field.hasFocus());
        QTest::keyClick(&field, Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(units(), 64);
        QCOMPARE(spin("units").value(), 64);
        QTest::keyClick(&spin("units"), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(units(), 128);
    }

    void errorsComeFirst() {
        openTemplate("lenet-5");
        page_->scene().selectNodes({});
        const auto pool = idOf("pool2");
        // An error on a pooling layer, and warnings on a layer without links.
        document_->perform(
            QStringLiteral("Break"),
            {NetworkEdit{NetworkEdit::Group{
                {SetParam{"", pool, "kernel", ParamValue{IntTuple{16, 16}}}},
                {AddNode{"", Node{graph().freshNodeId(), "loose", LayerUse{"conv2d"}, {}}}}}}});
        QVERIFY(document_->analysis().hasErrors());
        page_->view().setFocus();
        for (int i = 0; i < 3; ++i) {
            key(Qt::Key_F8);
            QCOMPARE(selectedName(), std::string("pool2"));
        }
        // Though a layer with a mere warning, which has a fix as well, is selected.
        select("loose");
        key(Qt::Key_Return, Qt::AltModifier);
        QVERIFY(!document_->analysis().hasErrors());
        QVERIFY(graph().linkInto({idOf("loose"), {0}}) == nullptr);
        // Without errors the warning's turn comes.
        key(Qt::Key_F8);
        QCOMPARE(selectedName(), std::string("loose"));
        key(Qt::Key_Return, Qt::AltModifier);
        QVERIFY(graph().linkInto({idOf("loose"), {0}}) != nullptr);
    }

    void aResidualBlockTakesTheWidthThatItFollows() {
        quickAdd(QStringLiteral("input"));
        quickAdd(QStringLiteral("conv 2d"));
        quickAdd(QStringLiteral("residual block"));
        const std::string added = selectedName();
        const ParamValues params = graph().find(idOf(added.c_str()))->params;
        QVERIFY(params == ParamValues({{"filters", std::int64_t{32}}}));
        QVERIFY(!document_->analysis().hasErrors());
        // The next one fits in another way: its last convolution is the one that counts.
        quickAdd(QStringLiteral("bottleneck"));
        QVERIFY(!document_->analysis().hasErrors());
        document_->undoStack().undo();
        document_->undoStack().undo();
        QVERIFY(graph().findByName(added) == nullptr);
    }

    void aLayerThatDoesNotExistIsNotFound() {
        auto& palette = page_->palettePanel();
        auto* const search = palette.findChild<QLineEdit*>();
        const auto* const nothing = palette.findChild<QLabel*>(QStringLiteral("nothing found"));
        QVERIFY(!nothing->isVisible());
        QTest::keyClicks(search, QStringLiteral("caffe"));
        QVERIFY(nothing->isVisible());
        QCOMPARE(nothing->text(), QStringLiteral("No layer or block is called “caffe”."));
        search->selectAll();
        QTest::keyClicks(search, QStringLiteral("residual"));
        QVERIFY(!nothing->isVisible());
    }

    void aFixPutsItsLayerBetweenItsNeighbours() {
        quickAdd(QStringLiteral("input"));
        quickAdd(QStringLiteral("conv 2d"));
        quickAdd(QStringLiteral("dense"));
        QVERIFY(document_->analysis().hasErrors());
        activate();
        key(Qt::Key_Return, Qt::AltModifier);
        QVERIFY(!document_->analysis().hasErrors());
        QVERIFY(isLinked("conv1", "flatten1") && isLinked("flatten1", "dense1"));
        const auto& scene = page_->scene();
        const double above = scene.nodeItem(idOf("conv1"))->pos().y();
        const double here = scene.nodeItem(idOf("flatten1"))->pos().y();
        const double below = scene.nodeItem(idOf("dense1"))->pos().y();
        QVERIFY(above < here && here < below);
        QCOMPARE(scene.nodeItem(idOf("flatten1"))->pos().x(),
                 scene.nodeItem(idOf("conv1"))->pos().x());
        QVERIFY(nothingOverlaps());
        document_->undoStack().undo();
        QVERIFY(graph().findByName("flatten1") == nullptr);
        QCOMPARE(scene.nodeItem(idOf("dense1"))->pos().y(), here); // as it stood before
    }

    /// The network stays where it is seen, though its second column begins beside its first.
    void aDeletedFlattenComesBackByTwoKeys() {
        openTemplate("lenet-5");
        const auto& scene = page_->scene();
        const auto isBeside = [&] {
            return scene.nodeItem(idOf("dense1"))->pos().x() >
                   scene.nodeItem(idOf("pool2"))->pos().x();
        };
        QTRY_VERIFY(isBeside());
        page_->view().fit();
        activate();
        select("flatten");
        key(Qt::Key_Delete);
        QVERIFY(graph().findByName("flatten") == nullptr);
        const auto seen = [&] {
            return page_->view().mapToScene(page_->view().viewport()->rect()).boundingRect();
        };
        const QPointF before = seen().center();
        key(Qt::Key_F8);
        QCOMPARE(selectedName(), std::string("dense1"));
        QVERIFY(scene.callout() != nullptr);
        QVERIFY(seen().contains(scene.callout()->sceneBoundingRect()));
        QVERIFY((seen().center() - before).manhattanLength() < scene.callout()->size().width());
        key(Qt::Key_Return, Qt::AltModifier);
        QVERIFY(isLinked("pool2", "flatten1") && isLinked("flatten1", "dense1"));
        QVERIFY(document_->analysis().diagnostics.empty());
        QVERIFY(nothingOverlaps());
        for (const auto& [id, node] : graph().nodes())
            QVERIFY2(seen().intersects(scene.nodeItem(id)->sceneRect()), node.name.c_str());
    }

    void aLayerHasAMenuOfItsOwn() {
        page_->scene().addLayer("dense", QPointF(0, 0));
        page_->view().fit();
        QStringList commands;
        QStringList disabled;
        QTimer::singleShot(0, this, [&] {
            auto* const menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
            QVERIFY(menu != nullptr);
            for (QAction* const action : menu->actions()) {
                commands << action->text();
                if (action->menu() != nullptr)
                    for (QAction* const each : action->menu()->actions())
                        if (!each->isEnabled())
                            disabled << each->text();
            }
            for (QAction* const action : menu->actions())
                if (action->text() == QStringLiteral("Freeze the weights"))
                    action->trigger();
            menu->close();
        });
        Q_EMIT page_->view().contextMenuRequested(page_->view().mapToGlobal(nodeCenter("dense1")));
        for (const char* const command : {"Edit parameters", "Rename", "Freeze the weights",
                                          "Frame the selected layers", "Add a note", "Block"})
            QVERIFY2(commands.contains(QLatin1String(command)), command);
        QVERIFY(disabled.contains(QStringLiteral("Ungroup")));
        QVERIFY(!disabled.contains(QStringLiteral("Group into a block")));
        QVERIFY(std::get<bool>(graph().findByName("dense1")->params.at("frozen")));
    }

    /// Up to the selected layer, with a mark on the canvas and words for screen readers.
    void layersUpToOneAreFrozenByAKey() {
        for (const char* const layer : {"input", "batch norm", "flatten", "dense", "dense"})
            quickAdd(QString::fromLatin1(layer));
        select("dense1");
        activate();
        key(Qt::Key_F, Qt::ControlModifier | Qt::ShiftModifier);
        const auto isFrozen = [this](const char* name) {
            return page_->scene().nodeItem(idOf(name))->look().isFrozen;
        };
        QTRY_VERIFY(isFrozen("dense1"));
        QVERIFY(isFrozen("norm1"));
        QVERIFY(!isFrozen("dense2") && !isFrozen("flatten1"));
        QCOMPARE(std::get<std::string>(graph().findByName("norm1")->params.at("statistics")),
                 std::string("fixed"));
        QVERIFY(page_->scene().nodeItem(idOf("dense1"))->look().toolTip.contains("Frozen"));
        key(Qt::Key_Z, Qt::ControlModifier);
        QTRY_VERIFY(!isFrozen("dense1") && !isFrozen("norm1"));
        QVERIFY(!graph().findByName("norm1")->params.contains("statistics"));
        page_->scene().selectNodes({});
        key(Qt::Key_F, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(!isFrozen("dense1"));
    }
};

QTEST_MAIN(TestHelpingKeys)
#include "tst_helping_keys.moc"
