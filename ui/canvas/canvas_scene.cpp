// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_scene.h"

#include "ui/canvas/callout_item.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/link_gesture.h"
#include "ui/canvas/move_gesture.h"
#include "ui/canvas/note_item.h"
#include "ui/canvas/size_gesture.h"

#include <QGraphicsSceneHelpEvent>
#include <QGraphicsSceneMouseEvent>
#include <QGraphicsView>
#include <QSignalBlocker>

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

constexpr ProjectDocument::Changes kOtherGraph =
    ProjectDocument::NetworkChange | ProjectDocument::StructureChange;

} // namespace

CanvasScene::CanvasScene(ProjectDocument& document, const ThemeManager& themes, QObject* parent)
    : QGraphicsScene(parent)
    , canvas_(*this, document, themes)
    , layout_(canvas_) {
    connect(&document, &ProjectDocument::changed, this, &CanvasScene::onChanged);
    connect(&document, &ProjectDocument::changed, this, &CanvasScene::revised);
    connect(&document, &ProjectDocument::analysisChanged, this, [this] {
        if (std::exchange(looksAreNew_, false))
            return; // came with the change that made it
        canvas_.items().syncLooks();
        canvas_.callout().sync();
    });
    connect(&themes, &ThemeManager::changed, this, [this] { update(); });
    connect(this, &QGraphicsScene::selectionChanged, this, [this] {
        canvas_.callout().sync();
        Q_EMIT nodesSelected();
    });
    connect(&canvas_, &CanvasContext::hint, this, &CanvasScene::hint);
    connect(&layout_, &CanvasLayout::started, this, &CanvasScene::layoutStarted);
    connect(&layout_, &CanvasLayout::ended, this, &CanvasScene::layoutEnded);
    connect(&layout_, &CanvasLayout::laidOut, this, &CanvasScene::laidOut);
    onChanged(kOtherGraph | ProjectDocument::ReplacedChange);
    looksAreNew_ = false;
}

CanvasScene::~CanvasScene() {
    disconnect(this, nullptr, nullptr, nullptr);
    // A view that loses its scene moves its scroll bars, which the minimap follows: while the items
    // are still there.
    for (QGraphicsView* const view : views())
        view->setScene(nullptr);
    // The view may still ask for items while they go; the callout is one of them.
    canvas_.callout().release();
}

// ---- the graph that is shown

void CanvasScene::enter(NodeId instance) {
    std::vector<NodeId> way = scope().instances;
    way.push_back(instance);
    GraphScope inner = scopeOf(canvas_.project().network, way);
    if (inner.instances.size() == way.size())
        setScope(std::move(inner));
}

void CanvasScene::leaveTo(std::size_t depth) {
    if (depth >= scope().instances.size())
        return;
    const NodeId from = scope().instances[depth];
    std::vector<NodeId> way = scope().instances;
    way.resize(depth);
    setScope(scopeOf(canvas_.project().network, way));
    selectNodes({from});
}

void CanvasScene::showGraph(const std::string& graph) {
    if (graph != scope().graph)
        setScope(scopeOfGraph(canvas_.project().network, graph));
}

void CanvasScene::setScope(GraphScope scope) {
    const bool other = scope.graph != canvas_.graphName();
    if (other)
        forget();
    canvas_.setScope(std::move(scope));
    if (other) {
        const bool within = looksAreNew_;
        onChanged(kOtherGraph);
        looksAreNew_ = within;
    }
    Q_EMIT scopeChanged();
}

/// Nothing of what was shown stays for another graph.
void CanvasScene::forget() {
    const QSignalBlocker quiet(this);
    layout_.cancel();
    gesture_.reset();
    canvas_.callout().remove();
    canvas_.items().forget();
}

// ---- following the document

void CanvasScene::onChanged(ProjectDocument::Changes what) {
    CanvasItems& items = canvas_.items();
    ++revision_;
    if (what.testFlag(ProjectDocument::ReplacedChange))
        forget();
    if (what.testFlag(ProjectDocument::StructureChange)) {
        // Blocks may have been renamed or dissolved around us.
        GraphScope now = scopeOf(canvas_.project().network, scope().instances);
        if (what.testFlag(ProjectDocument::ReplacedChange))
            now = {};
        if (now != scope()) {
            const bool other = now.graph != scope().graph;
            setScope(std::move(now));
            if (other) {
                looksAreNew_ = true;
                return;
            }
        }
        items.syncStructure();
    }
    if (what.testFlag(ProjectDocument::StructureChange) ||
        (what.testFlag(ProjectDocument::NetworkChange) && items.hasPreviews()))
        items.syncForms();
    if (what.testFlag(ProjectDocument::NetworkChange)) {
        items.syncLooks();
        looksAreNew_ = true;
    } else if (what.testFlag(ProjectDocument::CanvasChange) && items.formsAreOld()) {
        items.syncForms(); // what blocks show of themselves
    }
    if (what & (ProjectDocument::StructureChange | ProjectDocument::CanvasChange))
        onPlacesChanged();
    if (what & (ProjectDocument::NetworkChange | ProjectDocument::CanvasChange))
        canvas_.callout().sync();
    if (what.testFlag(ProjectDocument::StructureChange))
        Q_EMIT nodesSelected(); // what is selected may have gone
}

void CanvasScene::onPlacesChanged() {
    layout_.endAnimation();
    canvas_.items().syncFramesAndNotes();
    // A key may have taken away what is being dragged.
    if (gesture_ && !gesture_->isHolding())
        gesture_.reset();
    const bool wantsLayout = canvas_.items().syncPositions();
    canvas_.items().routeLinks();
    if (wantsLayout)
        layout_.provide();
}

// ---- the mouse

void CanvasScene::mousePressEvent(QGraphicsSceneMouseEvent* event) {
    if (event->button() != Qt::LeftButton) {
        QGraphicsScene::mousePressEvent(event);
        return;
    }
    const QPointF at = event->scenePos();
    if (callout() != nullptr && callout()->buttonRect().contains(at)) {
        event->accept();
        applyFix(canvas_);
        return;
    }
    gesture_.reset();
    gesture_ = LinkGesture::beginAtPort(
        canvas_, at, [this](const Port& from, QPointF place) { askForLayer(from, place); });
    if (gesture_) {
        event->accept();
        return;
    }
    QGraphicsScene::mousePressEvent(event);
    gesture_ = gestureAt(at);
}

std::unique_ptr<Gesture> CanvasScene::gestureAt(QPointF at) {
    if (auto size = SizeGesture::begin(canvas_, at))
        return size;
    const auto hit = items(at);
    const auto isNode = [](QGraphicsItem* item) { return item->type() == NodeItem::Type; };
    if (const LinkItem* const link = canvas_.items().linkAt(at);
        link != nullptr && std::ranges::none_of(hit, isNode))
        return LinkGesture::beginAtEnd(canvas_, *link, at, [this](const Port& from, QPointF place) {
            askForLayer(from, place);
        });
    return MoveGesture::begin(canvas_, at);
}

void CanvasScene::mouseMoveEvent(QGraphicsSceneMouseEvent* event) {
    const bool held = event->buttons().testFlag(Qt::LeftButton);
    if (gesture_ && (held || gesture_->takesTheMouse()))
        gesture_->move(event->scenePos(), event->modifiers());
    else
        QGraphicsScene::mouseMoveEvent(event);
}

void CanvasScene::mouseReleaseEvent(QGraphicsSceneMouseEvent* event) {
    if (!gesture_ || !gesture_->takesTheMouse())
        QGraphicsScene::mouseReleaseEvent(event);
    // Its edits come back through onChanged(), where it is not to be given up any more.
    if (const auto gesture = std::move(gesture_))
        gesture->drop(event->scenePos());
}

void CanvasScene::mouseDoubleClickEvent(QGraphicsSceneMouseEvent* event) {
    const QPointF at = event->scenePos();
    if (event->button() != Qt::LeftButton || canvas_.items().portAt(at)) {
        QGraphicsScene::mouseDoubleClickEvent(event);
        return;
    }
    event->accept();
    for (QGraphicsItem* const item : items(at)) {
        if (const auto* const node = qgraphicsitem_cast<NodeItem*>(item)) {
            const NodeId id = node->id();
            if (graph().find(id)->blockUse() != nullptr)
                enter(id);
            else
                Q_EMIT nodeActivated(id);
            return;
        }
        if (const auto* const note = qgraphicsitem_cast<NoteItem*>(item)) {
            Q_EMIT noteActivated(note->id());
            return;
        }
        if (const auto* const frame = qgraphicsitem_cast<FrameItem*>(item)) {
            Q_EMIT frameActivated(frame->id());
            return;
        }
        if (item->type() == LinkItem::Type || item == callout())
            return;
    }
    Q_EMIT voidActivated(at);
}

void CanvasScene::helpEvent(QGraphicsSceneHelpEvent* event) {
    // Telling each item after each change would take long where there are many.
    for (QGraphicsItem* const item : items(event->scenePos()))
        if (auto* const link = qgraphicsitem_cast<LinkItem*>(item))
            link->setToolTip(canvas_.items().looks().tipOf(link->id()));
        else if (auto* const node = qgraphicsitem_cast<NodeItem*>(item))
            node->setToolTip(node->look().toolTip);
    QGraphicsScene::helpEvent(event);
}

} // namespace gradwright

#include "moc_canvas_scene.cpp"
