// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/steps/steps_bar.h"

#include "engine/training/written_value.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/steps/step_texts.h"
#include "ui/steps/traced_nodes.h"

#include <QAction>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

constexpr int kSteps = 7;
constexpr int kDetailsHeight = 84; // always the same, so that the canvas stays in its place

QLabel* barLabel(const char* role, const char* name) {
    auto* const made = new QLabel;
    made->setProperty("textRole", QLatin1String(role));
    made->setObjectName(QLatin1String(name));
    made->setTextFormat(Qt::PlainText);
    made->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return made;
}

QSpinBox* counter(const QString& name, const char* objectName) {
    auto* const made = new QSpinBox;
    made->setAccessibleName(name);
    made->setObjectName(QLatin1String(objectName));
    made->setKeyboardTracking(false);
    made->setMinimum(1);
    return made;
}

} // namespace

StepsBar::StepsBar(BatchSteps& steps, CanvasScene& scene, const ThemeManager& themes, QAction* back,
                   QAction* next, QAction* close, QWidget* parent)
    : QFrame(parent)
    , steps_(&steps)
    , scene_(&scene)
    , overlay_(steps, scene.canvas())
    , close_(close)
    , number_(barLabel("muted", "stepNumber"))
    , title_(barLabel("title", "stepTitle"))
    , text_(barLabel("", "stepText"))
    , formula_(barLabel("formula", "stepFormula"))
    , details_(barLabel("", "stepDetails"))
    , detailsArea_(new QScrollArea)
    , sampleTitle_(barLabel("muted", "sampleTitle"))
    , sample_(counter(tr("Sample of the batch"), "stepSample"))
    , elementTitle_(barLabel("muted", "elementTitle"))
    , element_(counter(tr("Value of the layer"), "stepElement")) {
    setProperty("role", QStringLiteral("canvasBar"));
    text_->setWordWrap(true);
    text_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    text_->setMinimumHeight(2 * QFontMetrics(textFont(type::kBody)).lineSpacing());
    details_->setWordWrap(true);
    details_->setFont(fixedFont(type::kDense));
    details_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    detailsArea_->setAccessibleName(tr("Numbers of the step"));
    detailsArea_->setWidget(details_);
    detailsArea_->setWidgetResizable(true);
    detailsArea_->setFrameShape(QFrame::NoFrame);
    detailsArea_->setFixedHeight(kDetailsHeight);
    detailsArea_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(14, 8, 12, 8);
    layout->setSpacing(6);
    layout->addLayout(makeHead(back, next, close));
    layout->addWidget(text_);
    layout->addWidget(detailsArea_);
    connect(&steps, &BatchSteps::changed, this, &StepsBar::refresh);
    connect(&scene, &CanvasScene::nodesSelected, this, &StepsBar::takeSelection);
    connect(&scene, &CanvasScene::scopeChanged, this, &StepsBar::takeSelection);
    connect(&themes, &ThemeManager::changed, this, &StepsBar::refresh);
    connect(sample_, &QSpinBox::valueChanged, &steps,
            [&steps](int value) { steps.setSample(value - 1); });
    connect(element_, &QSpinBox::valueChanged, &steps,
            [&steps](int value) { steps.setElement(value - 1); });
    hide();
}

StepsBar::~StepsBar() {
    if (scene_ == nullptr)
        return;
    disconnect(scene_, nullptr, this, nullptr);
    scene_->canvas().items().setOverlay(nullptr);
}

QHBoxLayout* StepsBar::makeHead(QAction* back, QAction* next, QAction* close) {
    auto* const row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(number_);
    row->addWidget(title_);
    row->addWidget(formula_);
    row->addStretch();
    row->addWidget(elementTitle_);
    row->addWidget(element_);
    row->addWidget(sampleTitle_);
    row->addWidget(sample_);
    const auto button = [&](QAction* action, const char* name) {
        auto* const made = new QToolButton;
        made->setObjectName(QLatin1String(name));
        made->setDefaultAction(action);
        made->setIconSize({18, 18});
        made->setFixedSize(28, 28);
        made->setFocusPolicy(Qt::TabFocus);
        row->addWidget(made);
    };
    button(back, "stepBack");
    button(next, "stepNext");
    button(close, "stepClose");
    return row;
}

void StepsBar::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape)
        close_->trigger();
    else
        QFrame::keyPressEvent(event);
}

/// The layer on the canvas is the one that is written out.
void StepsBar::takeSelection() {
    if (steps_->trace() != nullptr)
        chooseSelected();
    refresh();
}

void StepsBar::chooseSelected() {
    const BatchTrace* const trace = steps_->trace();
    const auto selected = scene_->selectedNodes();
    const Node* const node =
        selected.size() == 1 ? scene_->graph().find(selected.front()) : nullptr;
    if (node != nullptr) {
        const auto& canvas = scene_->canvas();
        const auto made = tracedOutput(*trace, canvas.project().network, canvas.scope(), *node);
        steps_->setLayer(made ? made->layer->path : canvas.scope().pathOf(*node));
    }
}

void StepsBar::refresh() {
    if (std::exchange(shown_, steps_->trace()) != steps_->trace() && shown_ != nullptr)
        chooseSelected(); // it may have been selected before there was a trace
    const bool shows = steps_->isActive() && steps_->trace() != nullptr;
    overlay_.refresh();
    scene_->canvas().items().setOverlay(shows && !steps_->isComputing() ? &overlay_ : nullptr);
    setVisible(steps_->isActive());
    if (!steps_->isActive())
        return;
    if (!shows || steps_->isComputing())
        showWaiting();
    else
        showStep();
}

void StepsBar::showWaiting() {
    number_->setText(tr("Step 1 of %1").arg(kSteps));
    title_->setText(titleOf(BatchStep::Batch));
    text_->setText(tr("A few samples are being computed in FP64, with every number kept. A "
                      "large network takes up to half a minute; Esc stops it."));
    formula_->hide();
    details_->clear();
    for (QWidget* const each :
         {static_cast<QWidget*>(sample_), static_cast<QWidget*>(sampleTitle_),
          static_cast<QWidget*>(element_), static_cast<QWidget*>(elementTitle_)})
        each->hide();
}

void StepsBar::showStep() {
    number_->setText(tr("Step %1 of %2").arg(static_cast<int>(steps_->step())).arg(kSteps));
    title_->setText(titleOf(steps_->step()));
    text_->setText(explanationOf(*steps_));
    formula_->setText(formulaOf(*steps_));
    formula_->show();
    details_->setText(detailsOf(*steps_, chosenWeights()));
    showChoices();
}

/// Of the selected layer or block, or of the layer that is written out.
std::vector<const TracedWeight*> StepsBar::chosenWeights() const {
    const BatchTrace& trace = *steps_->trace();
    const auto selected = scene_->selectedNodes();
    if (const Node* const node =
            selected.size() == 1 ? scene_->graph().find(selected.front()) : nullptr)
        return tracedWeights(trace, scene_->scope(), *node);
    std::vector<const TracedWeight*> weights;
    if (const TracedLayer* const layer = steps_->layer())
        for (const auto& weight : trace.weights)
            if (weight.key.starts_with(layer->path + '/'))
                weights.push_back(&weight);
    return weights;
}

void StepsBar::showChoices() {
    const BatchTrace& trace = *steps_->trace();
    const QSignalBlocker quietSample(sample_);
    const QSignalBlocker quietElement(element_);
    const BatchStep step = steps_->step();
    const bool ofSample = step == BatchStep::Batch || step == BatchStep::Forward ||
                          step == BatchStep::Sum || step == BatchStep::Cost;
    sampleTitle_->setText(tr("Sample"));
    sample_->setMaximum(static_cast<int>(trace.samples));
    sample_->setSuffix(tr(" of %1").arg(trace.samples));
    sample_->setValue(static_cast<int>(steps_->sample()) + 1);
    sampleTitle_->setVisible(ofSample);
    sample_->setVisible(ofSample);
    const TracedLayer* const layer = steps_->layer();
    const std::int64_t count = layer != nullptr ? elementsOf(trace, *layer) : 0;
    const bool ofElement = step == BatchStep::Sum && count > 0;
    elementTitle_->setText(tr("Value"));
    element_->setMaximum(static_cast<int>(std::max<std::int64_t>(count, 1)));
    element_->setSuffix(tr(" of %1").arg(count));
    element_->setValue(static_cast<int>(steps_->element()) + 1);
    elementTitle_->setVisible(ofElement);
    element_->setVisible(ofElement);
}

} // namespace gradwright

#include "moc_steps_bar.cpp"
