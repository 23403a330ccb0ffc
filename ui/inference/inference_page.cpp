// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/inference_page.h"

#include "ui/drawing/drawn_set.h"
#include "ui/inference/answer_card.h"
#include "ui/inference/evaluation_panel.h"
#include "ui/inference/image_panel.h"
#include "ui/inference/input_kinds.h"
#include "ui/inference/model_chooser.h"
#include "ui/inference/plane_panel.h"
#include "ui/theme/text.h"

#include <QAction>
#include <QDragEnterEvent>
#include <QFrame>
#include <QHBoxLayout>
#include <QResizeEvent>
#include <QScrollArea>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kBarHeight = 44;
constexpr int kPageMargin = 12;
constexpr int kScrollBar = 10;
constexpr int kLeastEvaluation = 360;
constexpr int kPeek = 36; // of the test set below, so that it is known to be there

} // namespace

InferencePage::InferencePage(ProjectDocument& document, ThemeManager& theme,
                             TrainingSession& session, QWidget* parent)
    : Page(parent)
    , document_(&document)
    , theme_(&theme)
    , training_(&session)
    , drawn_(new DrawnSet(document, session, this))
    , chooser_(new ModelChooser(document, session))
    , evaluation_(new EvaluationPanel(theme))
    , stack_(new QStackedWidget)
    , panels_(inputKinds().size()) {
    setAcceptDrops(true);
    layOut();
    for (auto* action : images().menuActions())
        connect(action, &QAction::triggered, this, &Page::pageWanted);
    showPanel(images());
    connectDrawnSet();
    connect(training_, &TrainingSession::stateChanged, this, &InferencePage::evaluateWhenFree);
    connect(chooser_, &ModelChooser::modelChanged, this, &InferencePage::takeModel);
    connect(chooser_, &ModelChooser::failed, this,
            [this](const QString& reason) { panel().showReason(reason); });
    connect(evaluation_, &EvaluationPanel::sampleChosen, this,
            [this](std::int64_t sample) { panel().showSample(sample); });
    connect(evaluation_, &EvaluationPanel::reportChanged, this,
            [this] { panel().setReport(evaluation_->report()); });
    connect(document_, &ProjectDocument::analysisChanged, this, &InferencePage::showKindOfData);
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (!(what & ProjectDocument::ReplacedChange))
            return;
        for (auto* each : panels_)
            if (each)
                each->clear();
    });
}

/// What the user says about an image goes into the project's data.
void InferencePage::connectDrawnSet() {
    connect(&images(), &ImagePanel::classSaid, this,
            [this](const DrawnImage& image, const QString& name) {
                drawn_->add(image, name, window());
            });
    connect(&images(), &ImagePanel::hint, this, &Page::hint);
    connect(drawn_, &DrawnSet::done, this, [this](const QString& what) {
        images().setAdded(true);
        images().answer().sayButton().setFocus(); // Undo means the image now, not a stroke
        Q_EMIT hint(what);
    });
    connect(drawn_, &DrawnSet::failed, this, &Page::hint);
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (what & ProjectDocument::DataChange)
            images().setAdded(false);
        showDrawnSet();
    });
    connect(document_, &ProjectDocument::analysisChanged, this, &InferencePage::showDrawnSet);
    connect(training_, &TrainingSession::stateChanged, this, &InferencePage::showDrawnSet);
    showDrawnSet();
}

void InferencePage::showDrawnSet() {
    // A file brings its own data, which may be others than the project's.
    const auto& model = chooser_->model();
    const bool isForeign =
        model && model->optimized && !(model->choice == document_->project().data);
    images().setDrawnSet(drawn_->classes(),
                         isForeign ? tr("%1 has other data than the project; open its network to "
                                        "add images to them")
                                         .arg(qstr(model->name))
                                   : drawn_->obstacle());
}

void InferencePage::layOut() {
    auto* content = new QWidget;
    columns_ = new QBoxLayout(QBoxLayout::LeftToRight, content);
    columns_->setContentsMargins(kPageMargin, kPageMargin, kPageMargin, kPageMargin);
    columns_->setSpacing(kPageMargin);
    columns_->addWidget(stack_, 17);
    columns_->addWidget(evaluation_, 11);
    // On a small screen, or at twice the scale, the panels keep their size and the page scrolls, up
    // and down.
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(content);
    scroll->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    content->installEventFilter(this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeBar());
    layout->addWidget(scroll, 1);
}

QWidget* InferencePage::makeBar() {
    auto* bar = new QFrame;
    bar->setProperty("role", QStringLiteral("header"));
    bar->setFixedHeight(kBarHeight);
    auto* layout = new QHBoxLayout(bar);
    layout->setContentsMargins(16, 0, 16, 0);
    layout->addWidget(chooser_);
    layout->addStretch(1);
    return bar;
}

/// The test set stands beside the panel where there is room for both, else below it.
void InferencePage::arrange() {
    const QSize room(width() - 2 * kPageMargin - kScrollBar,
                     height() - kBarHeight - 2 * kPageMargin);
    const int beside = std::max(kLeastEvaluation, evaluation_->minimumSizeHint().width());
    const int both = panel().comfortableWidth() + kPageMargin + beside;
    const bool isBeside = room.width() >= both;
    columns_->setDirection(isBeside ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
    // Below, each of them fills what is seen at once, or is as high as it has to be.
    const int height = std::max(room.height() - kPeek, 0);
    for (QWidget* const each : {static_cast<QWidget*>(stack_), static_cast<QWidget*>(evaluation_)})
        each->setMinimumHeight(isBeside ? 0 : std::max(height, each->minimumSizeHint().height()));
    panel().setRoom(isBeside ? QSize(room.width() - kPageMargin - beside, room.height())
                             : QSize(room.width(), height));
}

InputPanel& InferencePage::panelAt(std::size_t kind) {
    auto*& panel = panels_[kind];
    if (!panel) {
        panel = inputKinds()[kind].make(*theme_);
        stack_->addWidget(panel);
    }
    return *panel;
}

InputPanel& InferencePage::panelOf(const QMetaObject& type) {
    const auto found = std::ranges::find(inputKinds(), &type, &InputKind::panel);
    return panelAt(static_cast<std::size_t>(found - inputKinds().begin()));
}

InputPanel& InferencePage::panel() {
    return static_cast<InputPanel&>(*stack_->currentWidget());
}

ImagePanel& InferencePage::images() {
    return panelOf<ImagePanel>();
}
DrawingPad& InferencePage::pad() {
    return images().pad();
}
PredictionPanel& InferencePage::prediction() {
    return images().answer().prediction();
}
ValuesPanel& InferencePage::values() {
    return images().answer().values();
}
PixelPanel& InferencePage::pixels() {
    return images().pixels();
}
PlaneView& InferencePage::plane() {
    return panelOf<PlanePanel>().view();
}

/// Only the panel that is shown has a model, shortcuts on this page and commands in the menus.
void InferencePage::showPanel(InputPanel& wanted) {
    stack_->setCurrentWidget(&wanted);
    for (auto* each : panels_) {
        if (!each)
            continue;
        if (each != &wanted)
            each->setModel({}, false);
        // What is not seen asks for no room.
        const auto policy = each == &wanted ? QSizePolicy::Preferred : QSizePolicy::Ignored;
        each->setSizePolicy(policy, policy);
        for (auto* action : each->menuActions()) {
            action->setEnabled(each == &wanted);
            if (each == &wanted)
                addAction(action);
            else
                removeAction(action);
        }
    }
    arrange();
}

/// Before there is a network the data say what it will read.
void InferencePage::showKindOfData() {
    const auto& info = document_->dataInfo();
    if (chooser_->model() || !info)
        return;
    auto& wanted = panelAt(inputKindOf(*info));
    const bool isAnother = &wanted != &panel();
    if (isAnother)
        showPanel(wanted);
    wanted.setData(*info);
    if (isAnother)
        wanted.setModel({}, false);
    evaluation_->setData(*info);
}

void InferencePage::takeModel(bool live) {
    const auto& model = chooser_->model();
    if (model && !live)
        showPanel(panelAt(inputKindOf(model->data->info)));
    panel().setModel(model, live);
    if (!model)
        showKindOfData();
    showDrawnSet();
    if (live) {
        evaluation_->setNewerModel(model);
    } else {
        evaluation_->setModel(model);
        evaluated_ = false;
    }
    evaluateWhenFree();
}

void InferencePage::evaluateWhenFree() {
    // While training the processor belongs to it: then only on request.
    if (!chooser_->model() || evaluated_ || !isVisible() || training_->isActive())
        return;
    evaluated_ = true;
    evaluation_->start();
}

void InferencePage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    evaluateWhenFree();
}

/// What is shown on the page decides how much room it needs.
bool InferencePage::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::LayoutRequest)
        arrange();
    return Page::eventFilter(watched, event);
}

void InferencePage::resizeEvent(QResizeEvent* event) {
    Page::resizeEvent(event);
    arrange();
}

void InferencePage::dragEnterEvent(QDragEnterEvent* event) {
    if (panel().accepts(*event->mimeData()))
        event->acceptProposedAction();
}

void InferencePage::dropEvent(QDropEvent* event) {
    panel().take(*event->mimeData());
    event->acceptProposedAction();
}

std::vector<Page::Actions> InferencePage::menuActions() const {
    QList<QAction*> actions;
    for (const auto* each : panels_)
        if (each)
            actions += each->menuActions();
    return {{PageMenu::Run, tr("Drawing"), actions}};
}

} // namespace gradwright

#include "moc_inference_page.cpp"
