// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/design/design_page.h"

#include "engine/support/error.h"
#include "ui/canvas/canvas_editors.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/canvas/copy_commands.h"
#include "ui/canvas/minimap.h"
#include "ui/design/bottom_panel.h"
#include "ui/design/breadcrumb.h"
#include "ui/inspector/block_panel.h"
#include "ui/inspector/inspector_panel.h"
#include "ui/palette/layer_palette.h"
#include "ui/problems/problems_panel.h"
#include "ui/report/find_bar.h"
#include "ui/report/history_panel.h"
#include "ui/report/layer_report.h"
#include "ui/steps/batch_steps.h"
#include "ui/steps/steps_bar.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QResizeEvent>
#include <QSplitter>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <functional>
#include <vector>

namespace gradwright {

namespace {

constexpr int kPaletteWidth = 216;
constexpr int kInspectorWidth = 304;
constexpr int kProblemsHeight = 136;
constexpr int kToolbarHeight = 36;
constexpr int kNarrow = 1100;
constexpr int kLow = 560;

} // namespace

DesignPage::DesignPage(ProjectDocument& document, ThemeManager& themes, QWidget* parent,
                       std::filesystem::path blocksFolder)
    : Page(parent)
    , document_(&document)
    , themes_(&themes)
    , scene_(new CanvasScene(document, themes, this))
    , view_(new CanvasView(*scene_, themes))
    , palette_(new LayerPalette(themes, QString::fromLatin1(kLayerMimeType)))
    , inspector_(new InspectorPanel(document, themes))
    , problems_(new ProblemsPanel(document, themes))
    , report_(new LayerReport(document, themes))
    , find_(new FindBar(document, themes, this))
    , bottom_(new BottomPanel(themes))
    , myBlocks_(new MyBlocks(std::move(blocksFolder), this))
    , blockPanel_(new BlockPanel(document, themes))
    , steps_(new BatchSteps(document, this)) {
    view_->editors().setMyBlocks(*myBlocks_);
    paletteFrame_ = framed(palette_, "leftPanel");
    paletteFrame_->setFixedWidth(kPaletteWidth);
    inspectorFrame_ = framed(inspector_, "rightPanel");
    static_cast<QVBoxLayout*>(inspectorFrame_->layout())->setSpacing(0);
    static_cast<QVBoxLayout*>(inspectorFrame_->layout())->insertWidget(0, blockPanel_);
    inspectorFrame_->setFixedWidth(kInspectorWidth);
    makeBottomPanel();
    problemsFrame_ = framed(bottom_, "bottomPanel");
    makeActions();

    auto* const middle = new QSplitter(Qt::Vertical);
    middle->setChildrenCollapsible(false);
    middle->addWidget(view_);
    middle->addWidget(problemsFrame_);
    middle->setStretchFactor(0, 1);
    middle->setSizes({600, kProblemsHeight});
    auto* const center = new QVBoxLayout;
    center->setSpacing(0);
    center->addWidget(makeToolbar());
    center->addWidget(stepsBar_);
    center->addWidget(middle, 1);
    auto* const layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(paletteFrame_);
    layout->addLayout(center, 1);
    layout->addWidget(inspectorFrame_);
    columns_ = layout;
    setFocusProxy(view_);

    connect(palette_, &LayerPalette::layerChosen, this, &DesignPage::addLayer);
    connect(palette_, &LayerPalette::removalWanted, this, &DesignPage::deleteSavedBlock);
    connect(scene_, &CanvasScene::nodesSelected, this, &DesignPage::showSelected);
    connect(scene_, &CanvasScene::scopeChanged, this, [this] {
        showSelected();
        view_->fit();
    });
    connect(blockPanel_, &BlockPanel::enterRequested, scene_, &CanvasScene::enter);
    connect(blockPanel_, &BlockPanel::saveRequested, this, &DesignPage::saveBlock);
    connect(blockPanel_, &BlockPanel::problem, this, &DesignPage::hint);
    connect(view_, &CanvasView::contextMenuRequested, this, &DesignPage::showContextMenu);
    connect(myBlocks_, &MyBlocks::changed, this, &DesignPage::fillBlocks);
    fillBlocks();
    connect(scene_, &CanvasScene::hint, this, &DesignPage::hint);
    connect(scene_, &CanvasScene::laidOut, this, [this] { view_->fit(); });
    connect(scene_, &CanvasScene::nodeActivated, this, [this](NodeId) {
        inspectorAction_->setChecked(true);
        inspector_->focusFirstField();
    });
    connect(problems_, &ProblemsPanel::hint, this, &DesignPage::hint);
    connect(problems_, &ProblemsPanel::dataWanted, this, &Page::dataRequested);
    connect(problems_, &ProblemsPanel::placeChosen, this,
            [this](const std::string& graph, NodeId node) {
                showPlace(graph, node);
                view_->setFocus();
            });
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (what.testFlag(ProjectDocument::NetworkChange))
            fillBlocks();
        if (what.testFlag(ProjectDocument::ReplacedChange)) {
            nextProblem_ = 0;
            view_->fit();
        }
    });
}

void DesignPage::makeBottomPanel() {
    const int problems = bottom_->addPanel(tr("Problems"), problems_);
    bottom_->addPanel(tr("Layer report"), report_, report_->tableActions());
    bottom_->addPanel(tr("History"), new HistoryPanel(*document_, *themes_));
    connect(problems_, &ProblemsPanel::countChanged, bottom_,
            [this, problems](qsizetype count) { bottom_->setCount(problems, count); });
    bottom_->setCount(problems, static_cast<qsizetype>(document_->analysis().diagnostics.size()));
    connect(bottom_, &BottomPanel::foldRequested, this,
            [this] { bottomAction_->setChecked(false); });
    connect(report_, &LayerReport::hint, this, &DesignPage::hint);
    connect(report_, &LayerReport::nodesChosen, this, [this](const std::vector<NodeId>& nodes) {
        scene_->showGraph({}); // the report lists the main network
        scene_->selectNodes(nodes);
        if (nodes.size() == 1)
            view_->centerOnNode(nodes.front());
    });
    connect(find_, &FindBar::found, this,
            [this](const LayerHit& hit) { showPlace(hit.graph, hit.node); });
    connect(find_, &FindBar::allWanted, this,
            [this](const std::string& graph, const std::vector<NodeId>& nodes) {
                scene_->showGraph(graph);
                scene_->selectNodes(nodes);
                view_->setFocus();
            });
    connect(find_, &FindBar::closed, view_, [this] { view_->setFocus(); });
}

QWidget* DesignPage::framed(QWidget* panel, const char* role) {
    auto* const frame = new QFrame;
    frame->setProperty("role", QLatin1String(role));
    auto* const layout = new QVBoxLayout(frame);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(panel);
    return frame;
}

QAction* DesignPage::action(QList<QAction*>& list, const QString& text, const QString& icon,
                            const QKeySequence& keys, std::function<void()> run) {
    auto* const made = new QAction(text, this);
    if (!icon.isEmpty())
        made->setIcon(themes_->icon(icon));
    made->setShortcut(keys);
    made->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    QString tip = text;
    tip.remove(QLatin1Char('&'));
    if (!keys.isEmpty())
        tip += QStringLiteral(" (%1)").arg(keys.toString(QKeySequence::NativeText));
    made->setToolTip(tip);
    if (run)
        connect(made, &QAction::triggered, this, [this, run = std::move(run)] {
            if (!isVisible())
                Q_EMIT pageWanted(); // what it does is to be seen
            run();
        });
    addAction(made);
    list.append(made);
    return made;
}

void DesignPage::makeActions() {
    using Keys = QKeySequence;
    QUndoStack& stack = document_->undoStack();
    const auto separator = [this](QList<QAction*>& list) {
        auto* const made = new QAction(this);
        made->setSeparator(true);
        list.append(made);
    };

    // These are about all pages.
    undo_ = action(editActions_, tr("Undo"), QStringLiteral("undo"), Keys(Keys::Undo), {});
    redo_ = action(editActions_, tr("Redo"), QStringLiteral("redo"), Keys(Keys::Redo), {});
    connect(undo_, &QAction::triggered, &stack, &QUndoStack::undo);
    connect(redo_, &QAction::triggered, &stack, &QUndoStack::redo);
    redo_->setShortcuts({Keys(QStringLiteral("Ctrl+Shift+Z")), Keys(QStringLiteral("Ctrl+Y"))});
    // Their texts say what would be undone; the names of the commands stay.
    undo_->setIconText(tr("Undo"));
    redo_->setIconText(tr("Redo"));
    connect(&stack, &QUndoStack::undoTextChanged, undo_, [this](const QString& text) {
        undo_->setText(text.isEmpty() ? tr("Undo") : tr("Undo: %1").arg(text));
    });
    connect(&stack, &QUndoStack::redoTextChanged, redo_, [this](const QString& text) {
        redo_->setText(text.isEmpty() ? tr("Redo") : tr("Redo: %1").arg(text));
    });
    connect(&stack, &QUndoStack::canUndoChanged, undo_, &QAction::setEnabled);
    connect(&stack, &QUndoStack::canRedoChanged, redo_, &QAction::setEnabled);
    for (QAction* const made : {undo_, redo_})
        made->setShortcutContext(Qt::WindowShortcut); // settings of other pages are undone as well
    undo_->setEnabled(stack.canUndo());
    redo_->setEnabled(stack.canRedo());
    separator(editActions_);
    action(editActions_, tr("Cut"), QStringLiteral("cut"), Keys(Keys::Cut),
           [this] { cutSelection(scene_->canvas()); });
    action(editActions_, tr("Copy"), QStringLiteral("copy"), Keys(Keys::Copy),
           [this] { copySelection(scene_->canvas()); });
    action(editActions_, tr("Paste"), QStringLiteral("paste"), Keys(Keys::Paste),
           [this] { paste(scene_->canvas()); });
    action(editActions_, tr("Duplicate"), {}, Keys(QStringLiteral("Ctrl+D")),
           [this] { duplicateSelection(scene_->canvas()); });
    action(editActions_, tr("Delete"), QStringLiteral("trash"), Keys(Keys::Delete),
           [this] { removeSelection(scene_->canvas()); });
    separator(editActions_);
    action(editActions_, tr("Select all"), {}, Keys(Keys::SelectAll),
           [this] { scene_->selectAll(); });
    separator(editActions_);
    makeFindActions();

    action(modelActions_, tr("Search layers"), QStringLiteral("search"), Keys(QStringLiteral("/")),
           [this] {
               paletteFrame_->show();
               palette_->focusSearch();
           });
    layout_ = action(modelActions_, tr("Automatic layout"), QStringLiteral("layout"),
                     Keys(QStringLiteral("Ctrl+L")), [this] { scene_->layOut(); });
    // Letters and Return belong to a field that has the focus: these are the canvas's own.
    const auto onCanvas = [this](QAction* made) {
        removeAction(made);
        view_->addAction(made);
    };
    onCanvas(action(modelActions_, tr("Add a layer here"), QStringLiteral("plus"),
                    Keys(QStringLiteral("A")), [this] { view_->editors().quickAddHere(); }));
    link_ = action(modelActions_, tr("Link the selected layers"), QStringLiteral("link"),
                   Keys(QStringLiteral("L")), [this] { linkSelection(scene_->canvas()); });
    frame_ = action(modelActions_, tr("Frame the selected layers"), {}, Keys(QStringLiteral("G")),
                    [this] { view_->editors().frameSelection(); });
    rename_ = action(modelActions_, tr("Rename"), {}, Keys(QStringLiteral("F2")),
                     [this] { view_->editors().renameSelected(); });
    freezeUpTo_ = action(modelActions_, tr("Freeze up to here"), QStringLiteral("lock"),
                         Keys(QStringLiteral("Ctrl+Shift+F")),
                         [this] { freezeUpToSelection(scene_->canvas()); });
    inspect_ =
        action(modelActions_, tr("Edit parameters"), {}, Keys(QStringLiteral("Return")), [this] {
            inspectorAction_->setChecked(true);
            inspector_->focusFirstField();
        });
    inspect_->setShortcuts({Keys(QStringLiteral("Return")), Keys(QStringLiteral("Enter"))});
    for (QAction* const made : {link_, frame_, rename_, inspect_})
        onCanvas(made);
    makeBlockActions();
    makeArrangeActions();
    makeExportActions();
    separator(modelActions_);
    action(modelActions_, tr("Next problem"), {}, Keys(QStringLiteral("F8")),
           [this] { showNextProblem(); });
    action(modelActions_, tr("Apply the first fix"), QStringLiteral("wand"),
           Keys(QStringLiteral("Alt+Return")), [this] { applyFix(scene_->canvas()); });
    makeStepActions();
    separator(runActions_);

    zoomIn_ = action(viewActions_, tr("Zoom in"), QStringLiteral("plus"), Keys(Keys::ZoomIn),
                     [this] { view_->zoomIn(); });
    zoomIn_->setShortcuts({Keys(QStringLiteral("Ctrl++")), Keys(QStringLiteral("Ctrl+="))});
    zoomOut_ = action(viewActions_, tr("Zoom out"), QStringLiteral("minus"), Keys(Keys::ZoomOut),
                      [this] { view_->zoomOut(); });
    action(viewActions_, tr("100 %"), {}, Keys(QStringLiteral("Ctrl+0")),
           [this] { view_->setZoom(1); });
    fit_ = action(viewActions_, tr("Fit all"), QStringLiteral("fit"), Keys(QStringLiteral("Home")),
                  [this] { view_->fit(); });
    action(viewActions_, tr("Fit selection"), {}, Keys(QStringLiteral("Shift+Home")),
           [this] { view_->fit(true); });
    separator(viewActions_);
    const auto panel = [&](const QString& text, const char* keys, QWidget* frame) {
        QAction* const made =
            action(viewActions_, text, {}, Keys(QString::fromLatin1(keys)), nullptr);
        made->setCheckable(true);
        made->setChecked(true);
        if (frame != nullptr)
            connect(made, &QAction::toggled, frame, &QWidget::setVisible);
        return made;
    };
    panel(tr("Layer list"), "Ctrl+B", paletteFrame_);
    inspectorAction_ = panel(tr("Inspector"), "Ctrl+I", inspectorFrame_);
    bottomAction_ = panel(tr("Panel beneath the canvas"), "Ctrl+J", problemsFrame_);
    const QStringList titles = {tr("Show Problems"), tr("Show layer report"), tr("Show history")};
    for (int i = 0; i < titles.size(); ++i)
        action(viewActions_, titles[i], {}, {}, [this, i] {
            bottomAction_->setChecked(true);
            bottom_->showPanel(i);
        });
    QAction* const map = panel(tr("Minimap"), "M", nullptr);
    map->setToolTip(tr("Shown while the canvas holds more than can be seen"));
    connect(map, &QAction::toggled, &view_->minimap(), &Minimap::setWanted);
    removeAction(map);
    view_->addAction(map);
}

void DesignPage::makeFindActions() {
    action(editActions_, tr("Find layers"), QStringLiteral("search"),
           QKeySequence(QKeySequence::Find), [this] {
               find_->open();
               placeDrawers();
           });
    action(editActions_, tr("Find next"), {}, QKeySequence(QStringLiteral("F3")),
           [this] { find_->next(); });
    action(editActions_, tr("Find previous"), {}, QKeySequence(QStringLiteral("Shift+F3")),
           [this] { find_->previous(); });
}

QWidget* DesignPage::makeToolbar() {
    auto* const bar = new QFrame;
    bar->setProperty("role", QStringLiteral("canvasBar"));
    bar->setFixedHeight(kToolbarHeight);
    auto* const layout = new QHBoxLayout(bar);
    layout->setContentsMargins(14, 0, 12, 0);
    layout->setSpacing(4);
    const auto button = [&](QAction* made) {
        auto* const tool = new QToolButton;
        tool->setDefaultAction(made);
        tool->setToolButtonStyle(Qt::ToolButtonIconOnly);
        tool->setIconSize({18, 18});
        tool->setFixedSize(28, 28);
        tool->setFocusPolicy(Qt::TabFocus);
        layout->addWidget(tool);
    };
    const auto line = [&] {
        auto* const made = new QFrame;
        made->setProperty("role", QStringLiteral("line"));
        made->setFixedSize(1, 18);
        layout->addSpacing(6);
        layout->addWidget(made);
        layout->addSpacing(6);
    };
    layout->addWidget(new Breadcrumb(*document_, *scene_));
    line();
    button(undo_);
    button(redo_);
    line();
    button(layout_);
    layout->addStretch();
    button(zoomOut_);
    auto* const percent = new QLabel;
    percent->setMinimumWidth(48);
    percent->setAlignment(Qt::AlignCenter);
    percent->setProperty("textRole", QStringLiteral("muted"));
    const auto showZoom = [percent](double zoom) {
        percent->setText(tr("%1 %").arg(qRound(zoom * 100)));
    };
    showZoom(view_->zoom());
    connect(view_, &CanvasView::zoomChanged, percent, showZoom);
    layout->addWidget(percent);
    button(zoomIn_);
    line();
    button(fit_);
    inspectorAction_->setIcon(themes_->icon(QStringLiteral("panel-right")));
    button(inspectorAction_);
    return bar;
}

void DesignPage::addLayer(const std::string& key) {
    try {
        const bool wasEmpty = scene_->graph().nodes().empty();
        scene_->addLayer(key);
        const std::vector<NodeId> added = scene_->selectedNodes();
        if (wasEmpty)
            view_->fit();
        else if (added.size() == 1)
            view_->ensureVisible(scene_->nodeItem(added.front()), 40, 40);
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

void DesignPage::showPlace(const std::string& graph, NodeId node) {
    scene_->showGraph(graph);
    scene_->selectNodes({node});
    view_->showNode(node);
}

void DesignPage::showNextProblem() {
    bottomAction_->setChecked(true);
    bottom_->showPanel(0);
    // As the list shows them: the worst first.
    std::vector<const Diagnostic*> problems;
    for (const Diagnostic& diagnostic : document_->analysis().diagnostics)
        if (diagnostic.place.node)
            problems.push_back(&diagnostic);
    if (problems.empty())
        return;
    std::ranges::stable_sort(problems, std::greater{},
                             [](const Diagnostic* each) { return each->severity; });
    // While there are errors, they alone are gone through.
    const auto errors = static_cast<std::size_t>(std::ranges::count(
        problems, Severity::Error, [](const Diagnostic* each) { return each->severity; }));
    const Place& place = problems[nextProblem_++ % (errors > 0 ? errors : problems.size())]->place;
    showPlace(place.graph, *place.node);
    view_->setFocus();
}

void DesignPage::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    setNarrow(event->size().width() < kNarrow);
    setLow(event->size().height() < kLow);
    // A page that is resized while it is hidden would keep the room of a panel that has gone.
    columns_->invalidate();
    columns_->activate();
    placeDrawers();
}

/// What lies over the canvas: the search, and with little room the inspector.
void DesignPage::placeDrawers() {
    if (narrow_)
        inspectorFrame_->setGeometry(width() - kInspectorWidth, kToolbarHeight, kInspectorWidth,
                                     height() - kToolbarHeight);
    constexpr int kGap = 12;
    find_->adjustSize();
    const QPoint corner = view_->mapTo(this, QPoint(view_->width(), 0));
    const int right = narrow_ && inspectorFrame_->isVisibleTo(this)
                          ? std::min(corner.x(), inspectorFrame_->x())
                          : corner.x();
    find_->move(right - find_->width() - kGap, corner.y() + kGap);
    find_->raise();
}

/// With little room the inspector is a drawer over the canvas, closed at first.
void DesignPage::setNarrow(bool narrow) {
    if (narrow == narrow_)
        return;
    narrow_ = narrow;
    if (narrow) {
        columns_->removeWidget(inspectorFrame_);
        inspectorFrame_->raise();
    } else {
        columns_->addWidget(inspectorFrame_);
    }
    inspectorAction_->setChecked(!narrow);
}

/// With little height the panel beneath the canvas is folded at first: names are read at a zoom at
/// which a network of ten layers is whole.
void DesignPage::setLow(bool low) {
    if (low == low_)
        return;
    low_ = low;
    bottomAction_->setChecked(!low);
}

void DesignPage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    view_->setFocus();
    // The view gets its size with the first layout, after this.
    if (std::exchange(fitWhenShown_, false))
        QTimer::singleShot(0, view_, [this] { view_->fit(); });
}

std::vector<Page::Actions> DesignPage::menuActions() const {
    return {{PageMenu::Edit, {}, editActions_},
            {PageMenu::View, {}, viewActions_},
            {PageMenu::Model, {}, modelActions_},
            {PageMenu::Run, {}, runActions_},
            {PageMenu::Export, {}, exportActions_}};
}

} // namespace gradwright

#include "moc_design_page.cpp"
