// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_scene.h"

#include "engine/support/error.h"
#include "ui/canvas/callout_item.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/layout_job.h"
#include "ui/canvas/note_item.h"
#include "ui/canvas/sync_items.h"
#include "ui/theme/text.h"

#include <QGraphicsSceneHelpEvent>
#include <QSignalBlocker>
#include <QVariantAnimation>

#include <algorithm>

// What is shown and what is selected.
namespace gradwright {

namespace {

constexpr double kCalloutGap = 22;
constexpr double kLeastRoom = 2000; ///< around what is drawn
constexpr double kMostRoom = 8000;
constexpr ProjectDocument::Changes kOtherGraph =
    ProjectDocument::NetworkChange | ProjectDocument::StructureChange;

/// The ids of those that are of one kind, in order.
template <class Item>
auto selectedOf(const QGraphicsScene& scene) {
    std::vector<decltype(std::declval<Item>().id())> selected;
    for (QGraphicsItem* const each : scene.selectedItems())
        if (const auto* const item = qgraphicsitem_cast<Item*>(each))
            selected.push_back(item->id());
    std::ranges::sort(selected);
    return selected;
}

template <class Items>
auto itemOfId(const Items& items, typename Items::key_type id) {
    const auto at = items.find(id);
    return at == items.end() ? nullptr : at->second;
}

} // namespace

CanvasScene::CanvasScene(ProjectDocument& document, const ThemeManager& themes, QObject* parent)
    : QGraphicsScene(parent)
    , document_(&document)
    , themes_(&themes)
    , looks_(document.project(), scope_) {
    connect(document_, &ProjectDocument::changed, this, &CanvasScene::onChanged);
    connect(document_, &ProjectDocument::analysisChanged, this, [this] {
        if (std::exchange(looksAreNew_, false))
            return; // came with the change that made it
        syncLooks();
        syncCallout();
    });
    connect(themes_, &ThemeManager::changed, this, [this] { update(); });
    connect(this, &QGraphicsScene::selectionChanged, this, [this] {
        syncCallout();
        Q_EMIT nodesSelected();
    });
    onChanged(kOtherGraph | ProjectDocument::ReplacedChange);
    looksAreNew_ = false;
}

CanvasScene::~CanvasScene() {
    disconnect(this, nullptr, nullptr, nullptr);
    delete layout_;
    // The view may still ask for items while they go; the callout is one of them.
    callout_ = nullptr;
}

// ---- the graph that is shown

const Graph& CanvasScene::graph() const {
    return document_->project().network.graph(scope_.graph);
}

void CanvasScene::enter(NodeId instance) {
    std::vector<NodeId> way = scope_.instances;
    way.push_back(instance);
    GraphScope inner = scopeOf(document_->project().network, way);
    if (inner.instances.size() == way.size())
        setScope(std::move(inner));
}

void CanvasScene::leaveTo(std::size_t depth) {
    if (depth >= scope_.instances.size())
        return;
    const NodeId from = scope_.instances[depth];
    std::vector<NodeId> way = scope_.instances;
    way.resize(depth);
    setScope(scopeOf(document_->project().network, way));
    selectNodes({from});
}

void CanvasScene::showGraph(const std::string& graph) {
    if (graph != scope_.graph)
        setScope(scopeOfGraph(document_->project().network, graph));
}

void CanvasScene::setScope(GraphScope scope) {
    const bool other = scope.graph != scope_.graph;
    if (other)
        forgetItems();
    scope_ = std::move(scope);
    if (other) {
        const bool within = looksAreNew_;
        onChanged(kOtherGraph);
        looksAreNew_ = within;
    }
    Q_EMIT scopeChanged();
}

/// Ids are a graph's own: of what was shown nothing stays for another one.
void CanvasScene::forgetItems() {
    const QSignalBlocker quiet(this);
    cancelLayout();
    endDrags();
    delete std::exchange(callout_, nullptr);
    dropGone(links_, [](LinkId) { return false; });
    dropGone(nodes_, [](NodeId) { return false; });
    dropGone(frames_, [](FrameId) { return false; });
    dropGone(notes_, [](NoteId) { return false; });
    provisional_.clear();
    room_ = {};
    router_.clear();
    walker_.reset();
}

// ---- showing the document

void CanvasScene::onChanged(ProjectDocument::Changes what) {
    ++revision_;
    if (what.testFlag(ProjectDocument::ReplacedChange))
        forgetItems();
    if (what.testFlag(ProjectDocument::StructureChange)) {
        // Blocks may have been renamed or dissolved around us.
        GraphScope now = scopeOf(document_->project().network, scope_.instances);
        if (what.testFlag(ProjectDocument::ReplacedChange))
            now = {};
        if (now != scope_) {
            const bool other = now.graph != scope_.graph;
            setScope(std::move(now));
            if (other) {
                looksAreNew_ = true;
                return;
            }
        }
        syncItems();
    }
    if (what.testFlag(ProjectDocument::StructureChange) ||
        (what.testFlag(ProjectDocument::NetworkChange) && hasPreviews()))
        syncForms();
    if (what.testFlag(ProjectDocument::NetworkChange)) {
        syncLooks();
        looksAreNew_ = true;
    } else if (what.testFlag(ProjectDocument::CanvasChange) &&
               (flow() != shownFlow_ || showsPreviews_ || hasPreviews())) {
        syncForms(); // what blocks show of themselves
    }
    if (what & (ProjectDocument::StructureChange | ProjectDocument::CanvasChange)) {
        delete std::exchange(animation_, nullptr);
        syncFrames();
        syncNotes();
        endStaleDrags();
        syncPositions();
        routeLinks();
    }
    if (what & (ProjectDocument::NetworkChange | ProjectDocument::CanvasChange))
        syncCallout();
    if (what.testFlag(ProjectDocument::StructureChange))
        Q_EMIT nodesSelected(); // what is selected may have gone
}

void CanvasScene::syncItems() {
    const Graph& shown = graph();
    const QSignalBlocker quiet(this);
    syncWith(links_, shown.links(), [this](LinkId id) {
        auto* const item = new LinkItem(id, looks_, *themes_);
        addItem(item);
        return item;
    });
    syncWith(nodes_, shown.nodes(), [this](NodeId id) {
        auto* const item = new NodeItem(id, looks_, *themes_);
        addItem(item);
        return item;
    });
}

void CanvasScene::syncLooks() {
    looks_.take(document_->analysis());
    update(); // of many items that may have changed, those in sight ask
}

void CanvasScene::syncForms() {
    shownFlow_ = flow();
    showsPreviews_ = hasPreviews();
    for (const auto& [id, item] : nodes_) {
        item->setFlow(flow());
        item->setForm(looks_.form(id));
    }
}

void CanvasScene::helpEvent(QGraphicsSceneHelpEvent* event) {
    // Telling each item after each change would take long where there are many.
    for (QGraphicsItem* const item : items(event->scenePos()))
        if (auto* const link = qgraphicsitem_cast<LinkItem*>(item))
            link->setToolTip(looks_.tipOf(link->id()));
        else if (auto* const node = qgraphicsitem_cast<NodeItem*>(item))
            node->setToolTip(node->look().toolTip);
    QGraphicsScene::helpEvent(event);
}

bool CanvasScene::hasPreviews() const {
    return document_->project().canvas.expanded.contains(scope_.graph);
}

Point CanvasScene::positionOf(NodeId id) const {
    const auto& graphs = document_->project().canvas.positions;
    if (const auto placed = graphs.find(scope_.graph); placed != graphs.end())
        if (const auto at = placed->second.find(id); at != placed->second.end())
            return at->second;
    const auto at = provisional_.find(id);
    return at == provisional_.end() ? Point{} : at->second;
}

void CanvasScene::syncPositions() {
    provisionPositions();
    for (const auto& [id, item] : nodes_) {
        const Point at = positionOf(id);
        item->setPos(at.x, at.y);
    }
    makeRoom();
}

/// Room to scroll on every side. Grows in large steps and does not shrink: with each change the
/// scene sorts all its items anew.
void CanvasScene::makeRoom() {
    const QRectF content = contentRect();
    if (room_.contains(content.adjusted(-kLeastRoom, -kLeastRoom, kLeastRoom, kLeastRoom)))
        return;
    room_ |= content.adjusted(-kMostRoom, -kMostRoom, kMostRoom, kMostRoom);
    setSceneRect(room_);
}

// ---- the callout

void CanvasScene::syncCallout() {
    delete std::exchange(callout_, nullptr);
    const std::vector<NodeId> selected = selectedNodes();
    const Diagnostic* shown = nullptr;
    bool shownIsSelected = false;
    for (const Diagnostic& diagnostic : document_->analysis().diagnostics) {
        const Place& place = diagnostic.place;
        // Errors come up by themselves, warnings when one asks.
        const bool isSelected =
            place.node && selected.size() == 1 && selected.front() == *place.node;
        if (diagnostic.severity != Severity::Error && !isSelected)
            continue;
        if (place.graph != scope_.graph || !place.node || !nodes_.contains(*place.node))
            continue;
        const bool better =
            shown == nullptr || (isSelected && !shownIsSelected) ||
            (isSelected == shownIsSelected && diagnostic.severity > shown->severity);
        if (better) {
            shown = &diagnostic;
            shownIsSelected = isSelected;
        }
    }
    if (shown == nullptr)
        return;
    callout_ = new CalloutItem(*shown, *themes_);
    placeCallout(*nodes_.at(*shown->place.node));
    addItem(callout_);
}

/// At the right of its node, or where nothing stands in the way.
void CanvasScene::placeCallout(const NodeItem& node) {
    const QSizeF size = callout_->size();
    const QRectF box = node.sceneRect();
    const double right = box.right() + kCalloutGap;
    const double left = box.left() - kCalloutGap - size.width();
    const double top = box.top() - 4;
    for (const QPointF at :
         {QPointF(right, top), QPointF(left, top), QPointF(right + metrics::kColumnPitch, top),
          QPointF(left - metrics::kColumnPitch, top)}) {
        if (!isFree(QRectF(at, size)))
            continue;
        callout_->setTail(at.x() < box.x() ? CalloutItem::Tail::Right : CalloutItem::Tail::Left);
        callout_->setPos(at);
        return;
    }
    callout_->setPos(right, top);
}

bool CanvasScene::isFree(const QRectF& rect) const {
    return std::ranges::none_of(
        nodes_, [&](const auto& entry) { return rect.intersects(entry.second->sceneRect()); });
}

// ---- selection

std::vector<NodeId> CanvasScene::selectedNodes() const {
    return selectedOf<NodeItem>(*this);
}

std::vector<LinkId> CanvasScene::selectedLinks() const {
    return selectedOf<LinkItem>(*this);
}

std::vector<FrameId> CanvasScene::selectedFrames() const {
    return selectedOf<FrameItem>(*this);
}

std::vector<NoteId> CanvasScene::selectedNotes() const {
    return selectedOf<NoteItem>(*this);
}

void CanvasScene::selectNodes(const std::vector<NodeId>& nodes) {
    {
        const QSignalBlocker quiet(this);
        clearSelection();
        for (const NodeId id : nodes)
            if (const auto at = nodes_.find(id); at != nodes_.end())
                at->second->setSelected(true);
    }
    Q_EMIT selectionChanged();
}

void CanvasScene::selectAll() {
    {
        const QSignalBlocker quiet(this);
        for (const auto& [id, item] : nodes_)
            item->setSelected(true);
        for (const auto& [id, item] : frames_)
            item->setSelected(true);
        for (const auto& [id, item] : notes_)
            item->setSelected(true);
    }
    Q_EMIT selectionChanged();
}

const NodeItem* CanvasScene::nodeItem(NodeId id) const {
    return itemOfId(nodes_, id);
}

const LinkItem* CanvasScene::linkItem(LinkId id) const {
    return itemOfId(links_, id);
}

const FrameItem* CanvasScene::frameItem(FrameId id) const {
    return itemOfId(frames_, id);
}

const NoteItem* CanvasScene::noteItem(NoteId id) const {
    return itemOfId(notes_, id);
}

const NodeAnalysis* CanvasScene::analysisOf(NodeId id) const {
    const Node* const node = graph().find(id);
    return node != nullptr ? gradwright::analysisOf(document_->analysis(), scope_, *node) : nullptr;
}

QRectF CanvasScene::contentRect(bool selectedOnly) const {
    QRectF all;
    const auto add = [&](const auto& items) {
        for (const auto& [id, item] : items)
            if (!selectedOnly || item->isSelected())
                all |= item->sceneRect();
    };
    add(nodes_);
    add(frames_);
    add(notes_);
    return all;
}

std::vector<QGraphicsItem*> CanvasScene::readingOrder() const {
    std::vector<QGraphicsItem*> items;
    for (const auto& [id, item] : nodes_)
        items.push_back(item);
    for (const auto& [id, item] : links_)
        items.push_back(item);
    for (const auto& [id, item] : frames_)
        items.push_back(item);
    for (const auto& [id, item] : notes_)
        items.push_back(item);
    const auto key = [this](const QGraphicsItem* item) {
        const QPointF at = item->sceneBoundingRect().topLeft();
        const auto* const link = qgraphicsitem_cast<const LinkItem*>(item);
        const QPointF start =
            link != nullptr && !link->corners().isEmpty() ? link->corners().first() : at;
        return flow() == Flow::Down ? std::pair(start.y(), start.x())
                                    : std::pair(start.x(), start.y());
    };
    std::ranges::stable_sort(items, {}, key);
    return items;
}

} // namespace gradwright
