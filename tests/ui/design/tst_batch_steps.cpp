// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/written_value.h"
#include "tests/ui/design/design_bench.h"
#include "ui/design/bottom_panel.h"
#include "ui/steps/batch_steps.h"
#include "ui/steps/step_overlay.h"
#include "ui/steps/step_texts.h"
#include "ui/steps/steps_bar.h"
#include "ui/steps/traced_nodes.h"

#include <QLabel>
#include <QSignalSpy>
#include <QSpinBox>
#include <QToolButton>

#include <algorithm>

using namespace gradwright;

/// One batch gone through on the canvas, by keys and mouse.
class TestBatchSteps : public QObject, private test::DesignBench {
    Q_OBJECT

private:
    static constexpr int kWait = 60'000;

    void key(int key, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(&page_->view(), static_cast<Qt::Key>(key), modifiers);
    }
    [[nodiscard]] BatchSteps& steps() { return page_->steps(); }
    void start(const char* name) {
        openTemplate(name);
        page_->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(page_.get()));
        page_->view().setFocus();
        key(Qt::Key_F10);
        QVERIFY(steps().isActive());
        QTRY_VERIFY_WITH_TIMEOUT(!steps().isComputing(), kWait);
        QVERIFY2(steps().trace() != nullptr, "the batch was not computed");
    }
    [[nodiscard]] QString label(const char* name) const {
        auto* const found = page_->findChild<QLabel*>(QLatin1String(name));
        return found != nullptr && found->isVisible() ? found->text() : QString();
    }
    [[nodiscard]] bool barIsShown() const {
        const auto* const bar = page_->findChild<StepsBar*>();
        return bar != nullptr && bar->isVisible();
    }
    [[nodiscard]] const NodeLook& look(NodeId id) const {
        return page_->scene().nodeItem(id)->look();
    }
    [[nodiscard]] NodeId nodeOf(const char* layer) const {
        for (const auto& [id, node] : graph().nodes())
            if (node.layerUse() != nullptr && node.layerUse()->layer == layer)
                return id;
        return {};
    }
    [[nodiscard]] std::optional<TracedOutput> traced(NodeId id) {
        return tracedOutput(*steps().trace(), document_->project().network, page_->scene().scope(),
                            *graph().find(id));
    }
    void goTo(BatchStep step) {
        while (steps().step() != step)
            key(Qt::Key_F10);
    }
    QToolButton& button(const char* name) const {
        return *page_->findChild<QToolButton*>(QLatin1String(name));
    }

private Q_SLOTS:
    void init() { open(); }
    void cleanup() { close(); }

    void f10GoesThroughAllSteps_data() {
        QTest::addColumn<QString>("key");
        for (const char* name : {"lenet-5", "exclusive-or", "character-lstm", "small-residual"})
            QTest::newRow(name) << name;
    }
    void f10GoesThroughAllSteps() {
        QFETCH(const QString, key);
        start(qPrintable(key));
        const BatchTrace& trace = *steps().trace();
        const NodeId output = nodeOf("output");
        const NodeId input = nodeOf("input");
        const std::array titles = {"Batch",    "Forward", "One neuron", "Cost",
                                   "Backward", "Update",  "Next batch"};
        for (int step = 1; step <= 7; ++step) {
            QCOMPARE(label("stepNumber"), QStringLiteral("Step %1 of 7").arg(step));
            QCOMPARE(label("stepTitle"),
                     QString::fromLatin1(titles[static_cast<std::size_t>(step - 1)]));
            QVERIFY(!label("stepFormula").isEmpty());
            // Two sentences.
            QCOMPARE(label("stepText").count(QStringLiteral(". ")) + 1, 2);
            QVERIFY(label("stepText").endsWith(u'.'));
            switch (static_cast<BatchStep>(step)) {
            case BatchStep::Batch:
                QVERIFY(look(output).line.startsWith(QStringLiteral("truth ")));
                QCOMPARE(look(input).line,
                         stepNumbers(sampleOf(trace, trace.value(traced(input)->value()), 0)));
                break;
            case BatchStep::Forward:
                for (const auto& [id, node] : graph().nodes()) {
                    const auto made = traced(id);
                    QVERIFY2(made.has_value(), node.name.c_str());
                    QCOMPARE(look(id).line,
                             stepNumbers(sampleOf(trace, trace.value(made->value()), 0)));
                }
                for (const auto& [id, link] : graph().links())
                    QCOMPARE(page_->scene().linkItem(id)->look().text, look(link.from.node).line);
                break;
            case BatchStep::Sum:
                QVERIFY(label("stepDetails").contains(QStringLiteral(" = ")));
                break;
            case BatchStep::Cost:
                QCOMPARE(look(output).line,
                         QStringLiteral("C = %1").arg(stepNumber(trace.losses[0])));
                QVERIFY(label("stepDetails").contains(stepNumber(trace.lossBefore)));
                break;
            case BatchStep::Backward: {
                const auto made = traced(output);
                const double size = rootMeanSquare(trace.gradient(made->value()));
                QCOMPARE(look(output).line.contains(stepNumber(size)), size > 0);
                const auto filled = std::ranges::count_if(graph().nodes(), [&](const auto& each) {
                    return look(each.first).fill.isValid();
                });
                QVERIFY(filled >= 2);
                break;
            }
            case BatchStep::Update: {
                const auto arrows = std::ranges::count_if(graph().nodes(), [&](const auto& each) {
                    return look(each.first).line.contains(QStringLiteral(" → "));
                });
                QVERIFY(arrows >= 2);
                break;
            }
            case BatchStep::NextBatch:
                QVERIFY(label("stepText").contains(stepNumber(trace.lossAfter)));
                break;
            }
            if (step < 7)
                this->key(Qt::Key_F10);
        }
        this->key(Qt::Key_F10);
        QTRY_VERIFY_WITH_TIMEOUT(!steps().isComputing(), kWait);
        QCOMPARE(steps().trace()->number, std::int64_t{2});
        QCOMPARE(label("stepNumber"), QStringLiteral("Step 1 of 7"));
    }

    void arrowsGoThroughStepsAndLayers() {
        start("lenet-5");
        page_->scene().selectNodes({idOf("conv1")});
        const auto places = [this] {
            std::vector<QPointF> all;
            for (const auto& [id, item] : page_->scene().canvas().items().nodes())
                all.push_back(item->pos());
            return all;
        };
        const auto before = places();
        const int edits = document_->undoStack().index();
        key(Qt::Key_Right);
        QVERIFY(steps().step() == BatchStep::Forward);
        key(Qt::Key_Right, Qt::ShiftModifier);
        QVERIFY(steps().step() == BatchStep::Sum);
        QVERIFY(label("stepDetails").startsWith(QStringLiteral("conv1, ")));
        // The layer that is written out follows.
        key(Qt::Key_Down);
        QCOMPARE(selectedName(), std::string("pool1"));
        QVERIFY(label("stepDetails").startsWith(QStringLiteral("pool1, ")));
        key(Qt::Key_Up, Qt::ControlModifier);
        QCOMPARE(selectedName(), std::string("conv1"));
        key(Qt::Key_Left);
        key(Qt::Key_Left, Qt::ControlModifier);
        QVERIFY(steps().step() == BatchStep::Batch);
        key(Qt::Key_Left); // there is none before the first
        QVERIFY(steps().isActive() && steps().step() == BatchStep::Batch);
        QVERIFY(places() == before);
        QCOMPARE(document_->undoStack().index(), edits);
        // Afterwards they move what is selected, as ever.
        key(Qt::Key_Escape);
        QVERIFY(!steps().isActive());
        key(Qt::Key_Right);
        QCOMPARE(document_->undoStack().index(), edits + 1);
        QVERIFY(places() != before);
    }

    void shiftF10GoesBackAlsoToTheBatchBefore() {
        start("exclusive-or");
        QVERIFY(!button("stepBack").isEnabled());
        goTo(BatchStep::Cost);
        key(Qt::Key_F10, Qt::ShiftModifier);
        QCOMPARE(label("stepNumber"), QStringLiteral("Step 3 of 7"));
        goTo(BatchStep::NextBatch);
        key(Qt::Key_F10);
        QTRY_VERIFY_WITH_TIMEOUT(!steps().isComputing(), kWait);
        QCOMPARE(steps().trace()->number, std::int64_t{2});
        key(Qt::Key_F10, Qt::ShiftModifier);
        QCOMPARE(steps().trace()->number, std::int64_t{1});
        QCOMPARE(label("stepNumber"), QStringLiteral("Step 7 of 7"));
        key(Qt::Key_F10);
        QCOMPARE(steps().trace()->number, std::int64_t{2}); // kept, not computed again
    }

    void escEndsAndTheCanvasIsAsBefore() {
        openTemplate("lenet-5");
        const QString before = look(nodeOf("dense")).line;
        start("lenet-5");
        goTo(BatchStep::Backward);
        const NodeId dense = nodeOf("dense");
        QVERIFY(look(dense).line != before);
        QVERIFY(look(dense).fill.isValid());
        key(Qt::Key_Escape);
        QVERIFY(!steps().isActive());
        QVERIFY(!barIsShown());
        QCOMPARE(look(dense).line, before);
        QVERIFY(!look(dense).fill.isValid());
    }

    void escAlsoStopsABatchThatIsBeingComputed() {
        openTemplate("small-residual");
        page_->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(page_.get()));
        page_->view().setFocus();
        key(Qt::Key_F10);
        QVERIFY(steps().isComputing());
        QVERIFY(barIsShown());
        key(Qt::Key_Escape);
        QVERIFY(!steps().isActive());
        QTest::qWait(300);
        QVERIFY(!barIsShown());
        QVERIFY(steps().trace() == nullptr);
    }

    void theButtonsDoWhatTheKeysDoAndSayThem() {
        start("exclusive-or");
        QVERIFY(button("stepNext").toolTip().contains(QStringLiteral("F10")));
        QVERIFY(button("stepBack").toolTip().contains(QStringLiteral("Shift+F10")));
        QVERIFY(button("stepClose").toolTip().contains(QStringLiteral("Esc")));
        QTest::mouseClick(&button("stepNext"), Qt::LeftButton);
        QCOMPARE(label("stepNumber"), QStringLiteral("Step 2 of 7"));
        QTest::mouseClick(&button("stepBack"), Qt::LeftButton);
        QCOMPARE(label("stepNumber"), QStringLiteral("Step 1 of 7"));
        QTest::mouseClick(&button("stepClose"), Qt::LeftButton);
        QVERIFY(!barIsShown());
    }

    void aClickedNeuronIsWrittenOut() {
        start("exclusive-or");
        goTo(BatchStep::Sum);
        const NodeId dense = nodeOf("dense");
        click(onScreen(page_->scene().nodeItem(dense)->sceneRect().center()));
        const auto layer = traced(dense);
        auto* const element = page_->findChild<QSpinBox*>(QStringLiteral("stepElement"));
        auto* const sample = page_->findChild<QSpinBox*>(QStringLiteral("stepSample"));
        QVERIFY(element->isVisible());
        element->setFocus();
        element->setValue(2);
        sample->setValue(3);
        const auto made = writeOut(*steps().trace(), *layer->layer, 2, 1);
        const QString details = label("stepDetails");
        QVERIFY(details.startsWith(QString::fromStdString(layer->layer->path)));
        QVERIFY(details.contains(QStringLiteral("z = ")));
        for (const auto& term : made.sums.at(0).terms)
            QVERIFY2(details.contains(stepNumber(term.weight)), qPrintable(details));
        QVERIFY(details.contains(QStringLiteral(" = ") + stepNumber(made.sums[0].value)));
        // The answer stands first, above a sum that may be long.
        QVERIFY(!made.lines.empty());
        const QString activation = details.section(u'\n', 1, 1);
        QVERIFY2(activation.endsWith(QStringLiteral(" = ") + stepNumber(made.value)),
                 qPrintable(details));
        QVERIFY(details.section(u'\n', 2).startsWith(QStringLiteral("z = ")));
        QCOMPARE(
            look(dense).line,
            stepNumbers(sampleOf(*steps().trace(), steps().trace()->value(layer->value()), 2)));
    }

    void whatWasSelectedBeforeIsWrittenOut() {
        openTemplate("lenet-5");
        const NodeId scores = idOf("scores");
        click(nodeCenter("scores"));
        page_->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(page_.get()));
        page_->view().setFocus();
        key(Qt::Key_F10);
        QTRY_VERIFY_WITH_TIMEOUT(steps().trace() != nullptr, kWait);
        QCOMPARE(steps().layer()->path, std::string("scores"));
        // The value that is furthest from 0 comes first.
        const auto values =
            sampleOf(*steps().trace(), steps().trace()->value(traced(scores)->value()), 0);
        for (const double value : values)
            QVERIFY(std::abs(value) <=
                    std::abs(values[static_cast<std::size_t>(steps().element())]));
    }

    void theBarTakesThePlaceOfThePanelBeneath() {
        start("lenet-5");
        const auto* const panel = page_->findChild<BottomPanel*>();
        QVERIFY(panel != nullptr);
        QVERIFY(!panel->isVisible());
        QTRY_VERIFY(page_->view().zoom() >= metrics::kDetailZoom);
        key(Qt::Key_Escape);
        QVERIFY(panel->isVisible());
    }

    void gradientsFadeByTheirMagnitude() {
        QCOMPARE(gradientStrength(1, 1), 1.0);
        QCOMPARE(gradientStrength(1e-2, 1), 0.5);
        QCOMPARE(gradientStrength(1e-9, 1), 0.0);
        QCOMPARE(gradientStrength(0, 1), 0.0);
        start("lenet-5");
        goTo(BatchStep::Backward);
        // The layer with the larger gradient is further from the paper.
        const QColor paper = themes_->theme().nodeFill;
        const auto ink = [&](const QColor& color) {
            return std::abs(color.red() - paper.red()) + std::abs(color.green() - paper.green()) +
                   std::abs(color.blue() - paper.blue());
        };
        std::vector<std::pair<double, int>> shown;
        for (const auto& [id, node] : graph().nodes())
            if (const auto& gradient = steps().trace()->gradient(traced(id)->value());
                gradient.elements() > 0)
                shown.emplace_back(rootMeanSquare(gradient), ink(look(id).fill));
        QVERIFY(shown.size() >= 4);
        std::ranges::sort(shown);
        QVERIFY(std::ranges::is_sorted(shown, {}, &std::pair<double, int>::second));
        QVERIFY(shown.back().second > shown.front().second);
    }

    void anEditEndsTheStepsAndSaysSo() {
        start("lenet-5");
        goTo(BatchStep::Forward);
        QSignalSpy hints(page_.get(), &Page::hint);
        click(onScreen(page_->scene().nodeItem(nodeOf("dense"))->sceneRect().center()));
        key(Qt::Key_Right); // a place is no part of what is computed
        QVERIFY(steps().isActive());
        key(Qt::Key_Delete);
        QVERIFY(!steps().isActive());
        QVERIFY(!barIsShown());
        QVERIFY(std::ranges::any_of(hints, [](const QList<QVariant>& each) {
            return each.first().toString().contains(QStringLiteral("the project was changed"));
        }));
    }

    void whatCannotBeTrainedIsRefusedInASentence() {
        document_->newProject();
        page_->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(page_.get()));
        page_->view().setFocus();
        QSignalSpy hints(page_.get(), &Page::hint);
        key(Qt::Key_F10);
        QTRY_VERIFY_WITH_TIMEOUT(!steps().isActive(), kWait);
        QTRY_VERIFY(std::ranges::any_of(hints, [](const QList<QVariant>& each) {
            return each.first().toString().contains(QStringLiteral("Output"));
        }));
    }

    void aBlockShowsWhatLeavesIt() {
        start("tiny-vision-transformer");
        goTo(BatchStep::Forward);
        int blocks = 0;
        for (const auto& [id, node] : graph().nodes()) {
            if (node.blockUse() == nullptr)
                continue;
            const auto made = traced(id);
            QVERIFY2(made.has_value(), node.name.c_str());
            QCOMPARE(
                look(id).line,
                stepNumbers(sampleOf(*steps().trace(), steps().trace()->value(made->value()), 0)));
            if (++blocks == 1) {
                page_->scene().enter(id);
                const auto& inner = page_->scene().graph();
                int lines = 0;
                for (const auto& [innerId, innerNode] : inner.nodes())
                    lines += look(innerId).line.isEmpty() ? 0 : 1;
                QCOMPARE(lines, static_cast<int>(inner.nodes().size()));
                page_->scene().leaveTo(0);
            }
        }
        QVERIFY(blocks > 0);
    }
};

QTEST_MAIN(TestBatchSteps)

#include "tst_batch_steps.moc"
