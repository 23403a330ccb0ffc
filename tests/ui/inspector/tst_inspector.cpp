// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/catalog.h"
#include "ui/document/project_document.h"
#include "ui/forms/param_editor.h"
#include "ui/inspector/inspector_panel.h"
#include "ui/inspector/subject.h"
#include "ui/inspector/window_geometry.h"
#include "ui/inspector/window_picture.h"

#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QSlider>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <memory>

using namespace gradwright;

/// The inspector with one layer, with several, and with a block.
class TestInspector : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<ProjectDocument> document_;
    std::unique_ptr<InspectorPanel> panel_;

    [[nodiscard]] const Graph& graph() const { return document_->project().network.main; }
    [[nodiscard]] NodeId idOf(const char* name) const { return graph().findByName(name)->id; }
    [[nodiscard]] const ParamValues& paramsOf(const char* name) const {
        return graph().findByName(name)->params;
    }
    template <class Widget>
    Widget* field(const char* param, const QString& name = {}) {
        ParamEditor* const editor = panel_->editor(param);
        return editor != nullptr ? editor->findChild<Widget*>(name) : nullptr;
    }

private Q_SLOTS:
    void initTestCase() { themes_ = std::make_unique<ThemeManager>(*qApp); }
    void init() {
        document_ = std::make_unique<ProjectDocument>(folder_.path().toStdString());
        document_->newFromTemplate("lenet-5");
        panel_ = std::make_unique<InspectorPanel>(*document_, *themes_);
        panel_->resize(304, 900);
        panel_->show();
        QVERIFY(QTest::qWaitForWindowExposed(panel_.get()));
    }
    void cleanup() {
        panel_.reset();
        document_.reset();
    }

    void everyParameterOfEveryLayerHasAnEditor() {
        document_->newProject();
        for (const LayerDef& layer : layerCatalog()) {
            if (layer.insideBlocksOnly)
                continue;
            const NodeId id = graph().freshNodeId();
            document_->perform(QStringLiteral("Add"),
                               {NetworkEdit{AddNode{
                                   "", {id, graph().freshName("node"), LayerUse{layer.key}, {}}}}});
            panel_->setNodes({id});
            const Params params(layer.params, graph().find(id)->params);
            for (const ParamSpec& spec : layer.params) {
                QCOMPARE(panel_->editor(spec.key) != nullptr, isVisible(spec, params));
                QVERIFY2(!spec.doc.empty(), (layer.key + " " + spec.key).c_str());
            }
        }
    }

    void theDefaultComesBackByItsButton() {
        panel_->setNodes({idOf("conv1")});
        QVERIFY(paramsOf("conv1").contains("filters"));
        auto* const reset = panel_->editor("filters")->parentWidget()->findChild<QToolButton*>(
            QStringLiteral("reset"));
        QVERIFY(reset->isVisible());
        QTest::mouseClick(reset, Qt::LeftButton);
        QVERIFY(!paramsOf("conv1").contains("filters"));
        QVERIFY(!reset->isVisible());
        document_->undoStack().undo();
        QVERIFY(paramsOf("conv1").at("filters") == ParamValue(std::int64_t{6}));
    }

    /// A name that is being typed is that of the layer it was typed for, whatever is shown next.
    void aNameBeingTypedIsKeptWhenAnotherLayerIsShown() {
        const NodeId conv = idOf("conv1");
        panel_->setNodes({conv});
        auto* const name = panel_->findChild<QLineEdit*>(QStringLiteral("name"));
        name->setFocus();
        name->selectAll();
        QTest::keyClicks(name, QStringLiteral("first"));
        panel_->setNodes({idOf("conv2")});
        QCOMPARE(graph().find(conv)->name, std::string("first"));
        QCOMPARE(graph().findByName("conv2") != nullptr, true);
        // Gone with what is shown, it does no harm.
        auto* const other = panel_->findChild<QLineEdit*>(QStringLiteral("name"));
        other->setFocus();
        QTest::keyClicks(other, QStringLiteral("x"));
        document_->newProject();
        panel_->setNodes({});
        QVERIFY(panel_->findChild<QLineEdit*>(QStringLiteral("name")) == nullptr ||
                document_->project().network.main.nodes().empty());
    }

    void severalAreEditedAtOnceInOneStep() {
        panel_->setNodes({idOf("conv1"), idOf("conv2")});
        auto* const filters = field<QSpinBox>("filters");
        QCOMPARE(filters->text(), QStringLiteral("several")); // 6 and 16
        auto* const kernel = field<QSpinBox>("kernel");
        QCOMPARE(kernel->value(), 5); // both
        const int steps = document_->undoStack().count();
        filters->setFocus();
        filters->selectAll();
        QTest::keyClicks(filters, QStringLiteral("24"));
        QTest::keyClick(filters, Qt::Key_Return);
        for (const char* name : {"conv1", "conv2"})
            QVERIFY(paramsOf(name).at("filters") == ParamValue(std::int64_t{24}));
        QCOMPARE(document_->undoStack().count(), steps + 1);
        document_->undoStack().undo();
        QVERIFY(paramsOf("conv1").at("filters") == ParamValue(std::int64_t{6}));
        QVERIFY(paramsOf("conv2").at("filters") == ParamValue(std::int64_t{16}));
    }

    void differentLayersShareWhatTheyHaveInCommon() {
        panel_->setNodes({idOf("conv1"), idOf("dense1")});
        QVERIFY(panel_->editor("activation") != nullptr);
        QVERIFY(panel_->editor("filters") == nullptr);
        QVERIFY(panel_->editor("units") == nullptr);
        panel_->setNodes({idOf("flatten"), idOf("dense1")});
        QVERIFY(panel_->editor("activation") == nullptr);
    }

    void anInvalidNumberIsExplainedAndNotTaken() {
        panel_->setNodes({idOf("conv1")});
        document_->perform(QStringLiteral("Slope"),
                           {NetworkEdit{SetParam{"", idOf("conv1"), "activation",
                                                 ParamValue{std::string("leaky-relu")}}}});
        auto* const line = field<QLineEdit>("slope");
        QVERIFY(line != nullptr); // shown by its condition
        QVERIFY(field<QSlider>("slope") != nullptr);
        const Project before = document_->project();
        line->setFocus();
        line->selectAll();
        QTest::keyClicks(line, QStringLiteral("x"));
        QVERIFY(document_->project() == before);
        QStringList texts;
        for (const auto* const label : panel_->findChildren<QLabel*>())
            if (label->property("textRole").toString() == QStringLiteral("error"))
                texts << label->text();
        QVERIFY(texts.join(u' ').contains(QStringLiteral("must be a number")));
    }

    void blocksHaveTheirRepetitionAndPromotedParameters() {
        BlockDefinition block;
        block.graph.insert(Node{{1}, "in", LayerUse{"block-input"}, {}});
        block.graph.insert(Node{{2}, "relu", LayerUse{"leaky-relu"}, {}});
        block.graph.insert(Node{{3}, "out", LayerUse{"block-output"}, {}});
        block.graph.insert(Link{{1}, {{1}, {0}}, {{2}, {0}}});
        block.graph.insert(Link{{2}, {{2}, {0}}, {{3}, {0}}});
        block.promoted = {{"most_leak", {2}, "slope"}};
        const NodeId id = graph().freshNodeId();
        document_->perform(
            QStringLiteral("Block"),
            {NetworkEdit{NetworkEdit::Group{{AddBlock{"leaky", block}},
                                            {AddNode{"", {id, "stage", BlockUse{"leaky"}, {}}}}}}});
        panel_->setNodes({id});
        QStringList labels;
        for (const auto* label : panel_->findChildren<QLabel*>())
            labels << label->text();
        QVERIFY2(labels.contains(QStringLiteral("Most leak")), qPrintable(labels.join(u'|')));
        QVERIFY(labels.contains(QStringLiteral("All outputs")));
        QVERIFY(!labels.contains(QStringLiteral("Output"))); // that is what leaves a layer
        auto* const repeat = field<QSpinBox>("#repeat");
        repeat->setFocus();
        repeat->selectAll();
        QTest::keyClicks(repeat, QStringLiteral("3"));
        QCOMPARE(graph().find(id)->blockUse()->repeat, std::int64_t{3});
        auto* const leak = field<QLineEdit>("most_leak");
        leak->setFocus();
        leak->selectAll();
        QTest::keyClicks(leak, QStringLiteral("0.2"));
        QVERIFY(graph().find(id)->params.at("most_leak") == ParamValue(0.2));
    }

    void theWindowIsDrawnAsItMoves() {
        const LayerDef& conv = *findLayer("conv2d");
        const ParamValues values = {{"kernel", IntTuple{3, 2}},
                                    {"stride", IntTuple{2, 1}},
                                    {"dilation", IntTuple{2, 1}},
                                    {"padding", std::string("explicit")},
                                    {"padding_sides", IntTuple{1, 2, 0, 1}}};
        const auto geometry = windowGeometry(conv, values, Shape{4, 9, 7});
        QVERIFY(geometry.has_value());
        const auto& [rows, columns] = geometry->axes;
        // (9 + 1 + 2 - 5) / 2 + 1 and (7 + 1 - 2) / 1 + 1
        QCOMPARE(rows.output, std::int64_t{4});
        QCOMPARE(columns.output, std::int64_t{7});
        std::vector<int> read;
        for (int position = 0; position < rows.padded(); ++position)
            if (geometry->reads(0, 1, position))
                read.push_back(position);
        QCOMPARE(read, (std::vector<int>{2, 4, 6})); // from 2, every second
        const auto pool = windowGeometry(*findLayer("max-pool1d"), {}, Shape{10, 3});
        QVERIFY(pool.has_value());
        QCOMPARE(pool->dimensions, std::size_t{1});
        QCOMPARE(pool->axes[1].input, std::int64_t{10});
        QCOMPARE(pool->axes[0].kernel, std::int64_t{1});
        // What does not fit and what moves otherwise has no such picture.
        QVERIFY(!windowGeometry(conv, {{"kernel", IntTuple{64, 64}}}, Shape{1, 8, 8}));
        QVERIFY(!windowGeometry(*findLayer("conv-transpose2d"), {}, Shape{4, 8, 8}));
        QVERIFY(!windowGeometry(*findLayer("dense"), {}, Shape{8}));
        panel_->setNodes({idOf("conv1")});
        QVERIFY(panel_->findChild<WindowPicture*>()->accessibleDescription().contains(
            QStringLiteral("28×28 → 28×28")));
    }

    void nothingIsWiderThanThePanel() {
        for (const auto& [id, node] : graph().nodes()) {
            panel_->setNodes({id});
            QTest::qWait(1);
            for (const auto* const child : panel_->findChildren<QWidget*>())
                if (child->isVisible())
                    QVERIFY2(child->mapTo(panel_.get(), QPoint(child->width(), 0)).x() <=
                                 panel_->width() + 1,
                             (node.name + " " + child->metaObject()->className()).c_str());
        }
    }
};

QTEST_MAIN(TestInspector)
#include "tst_inspector.moc"
