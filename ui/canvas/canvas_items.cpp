// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_items.h"

#include "ui/canvas/auto_layout.h"
#include "ui/canvas/canvas_context.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/note_item.h"
#include "ui/canvas/reading_order.h"
#include "ui/canvas/sync_items.h"

#include <QLineF>
#include <QSignalBlocker>

#include <algorithm>
#include <iterator>

namespace gradwright {

namespace {

constexpr double kLeastRoom = 2000; ///< around what is drawn
constexpr double kMostRoom = 8000;

template <class Items>
typename Items::mapped_type itemOf(const Items& items, typename Items::key_type id) {
    const auto at = items.find(id);
    return at == items.end() ? nullptr : at->second;
}

ReadingOrder orderOf(const std::map<NodeId, NodeItem*>& nodes, const Graph& graph, Flow flow) {
    std::map<NodeId, QRectF> rects;
    for (const auto& [id, item] : nodes)
        if (graph.find(id) != nullptr) // an item goes a moment after its node
            rects.emplace(id, item->sceneRect());
    return {graph, rects, flow};
}

/// The items of the frames or notes that lie in a graph.
template <class Boxes, class Items, class F>
void syncBoxes(const Boxes& boxes, Items& items, const std::string& graph, F show) {
    dropGone(items, [&](auto id) {
        const auto at = boxes.find(id);
        return at != boxes.end() && at->second.graph == graph;
    });
    for (const auto& [id, box] : boxes)
        if (box.graph == graph)
            show(id, box, items[id]);
}

} // namespace

CanvasItems::CanvasItems(QGraphicsScene& scene, const CanvasContext& canvas)
    : scene_(&scene)
    , canvas_(&canvas)
    , looks_(canvas.project(), canvas.scope()) {}

NodeItem* CanvasItems::node(NodeId id) const {
    return itemOf(nodes_, id);
}

LinkItem* CanvasItems::link(LinkId id) const {
    return itemOf(links_, id);
}

FrameItem* CanvasItems::frame(FrameId id) const {
    return itemOf(frames_, id);
}

NoteItem* CanvasItems::note(NoteId id) const {
    return itemOf(notes_, id);
}

// ---- where things are

QRectF CanvasItems::contentRect(bool selectedOnly) const {
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

bool CanvasItems::isFree(const QRectF& rect) const {
    return std::ranges::none_of(
        nodes_, [&](const auto& entry) { return rect.intersects(entry.second->sceneRect()); });
}

std::optional<Port> CanvasItems::portAt(QPointF at) const {
    std::optional<Port> nearest;
    double best = metrics::kPortHit;
    for (const auto& [id, item] : nodes_) {
        if (!item->sceneBoundingRect().contains(at))
            continue;
        for (const Port& port : item->ports()) {
            const double distance = QLineF(at, item->portPos(port)).length();
            if (distance <= best) {
                best = distance;
                nearest = port;
            }
        }
    }
    return nearest;
}

LinkItem* CanvasItems::linkAt(QPointF at) const {
    for (QGraphicsItem* const item : scene_->items(at))
        if (auto* const link = qgraphicsitem_cast<LinkItem*>(item))
            return link;
    return nullptr;
}

std::vector<NodeId> CanvasItems::nodesInOrder() const {
    return orderOf(nodes_, canvas_->graph(), canvas_->flow()).nodes();
}

std::vector<QGraphicsItem*> CanvasItems::readingOrder() const {
    const Graph& graph = canvas_->graph();
    const ReadingOrder order = orderOf(nodes_, graph, canvas_->flow());
    std::vector<QGraphicsItem*> others; // frames first: they lie around what is in them
    std::vector<QRectF> places;
    for (const auto& [id, item] : frames_)
        others.push_back(item);
    for (const auto& [id, item] : notes_)
        others.push_back(item);
    for (const QGraphicsItem* const item : others)
        places.push_back(item->sceneBoundingRect());
    std::multimap<std::size_t, QGraphicsItem*> before; // by the node that comes next
    const auto found = order.placesOf(places);
    for (std::size_t i = 0; i < others.size(); ++i)
        before.emplace(found[i], others[i]);

    std::vector<QGraphicsItem*> items;
    const auto addOthers = [&](std::size_t place) {
        const auto [first, end] = before.equal_range(place);
        std::transform(first, end, std::back_inserter(items),
                       [](const auto& entry) { return entry.second; });
    };
    for (std::size_t i = 0; i < order.nodes().size(); ++i) {
        addOthers(i);
        const NodeId id = order.nodes()[i];
        items.push_back(nodes_.at(id));
        for (const LinkId link : graph.linksOf(id))
            if (graph.find(link)->from.node == id && links_.contains(link))
                items.push_back(links_.at(link));
    }
    addOthers(order.nodes().size());
    return items;
}

Point CanvasItems::positionOf(NodeId id) const {
    const auto& graphs = canvas_->project().canvas.positions;
    if (const auto placed = graphs.find(canvas_->graphName()); placed != graphs.end())
        if (const auto at = placed->second.find(id); at != placed->second.end())
            return at->second;
    const auto at = provided_.find(id);
    return at == provided_.end() ? Point{} : at->second;
}

// ---- following the document

void CanvasItems::forget() {
    dropGone(pills_, [](LinkId) { return false; });
    dropGone(links_, [](LinkId) { return false; });
    dropGone(nodes_, [](NodeId) { return false; });
    dropGone(frames_, [](FrameId) { return false; });
    dropGone(notes_, [](NoteId) { return false; });
    provided_.clear();
    room_ = {};
    router_.clear();
}

void CanvasItems::syncStructure() {
    const QSignalBlocker quiet(scene_);
    const auto& links = canvas_->graph().links();
    dropGone(pills_, [&links](LinkId id) { return links.contains(id); });
    syncWith(links_, links, [this](LinkId id) {
        auto* const item = new LinkItem(id, looks_, canvas_->themes());
        scene_->addItem(item);
        return item;
    });
    syncWith(pills_, links, [this](LinkId id) {
        auto* const item = new LinkPill(*links_.at(id));
        scene_->addItem(item);
        return item;
    });
    syncWith(nodes_, canvas_->graph().nodes(), [this](NodeId id) {
        auto* const item = new NodeItem(id, looks_, canvas_->themes());
        scene_->addItem(item);
        return item;
    });
}

bool CanvasItems::hasPreviews() const {
    return canvas_->project().canvas.expanded.contains(canvas_->graphName());
}

bool CanvasItems::formsAreOld() const {
    return canvas_->flow() != shownFlow_ || showsPreviews_ || hasPreviews();
}

void CanvasItems::syncForms() {
    shownFlow_ = canvas_->flow();
    showsPreviews_ = hasPreviews();
    for (const auto& [id, item] : nodes_) {
        item->setFlow(shownFlow_);
        item->setForm(looks_.form(id));
    }
}

void CanvasItems::syncLooks() {
    looks_.take(canvas_->document().analysis());
    scene_->update(); // of many items that may have changed, those in sight ask
}

void CanvasItems::setOverlay(const CanvasOverlay* overlay) {
    looks_.setOverlay(overlay);
    scene_->update();
}

void CanvasItems::syncFramesAndNotes() {
    const QSignalBlocker quiet(scene_);
    const auto& drawn = canvas_->project().canvas;
    syncBoxes(drawn.frames, frames_, canvas_->graphName(),
              [this](FrameId id, const Frame& frame, FrameItem*& item) {
                  if (item == nullptr)
                      scene_->addItem(item = new FrameItem(id, canvas_->themes()));
                  item->setFrame(frame);
              });
    syncBoxes(drawn.notes, notes_, canvas_->graphName(),
              [this](NoteId id, const Note& note, NoteItem*& item) {
                  if (item == nullptr)
                      scene_->addItem(item = new NoteItem(id, canvas_->themes()));
                  item->setNote(note);
              });
}

bool CanvasItems::syncPositions() {
    const bool wantsLayout = provideForNew();
    for (const auto& [id, item] : nodes_) {
        const Point at = positionOf(id);
        item->setPos(at.x, at.y);
    }
    makeRoom();
    return wantsLayout;
}

/// Whether no node had a place before.
bool CanvasItems::provideForNew() {
    const Graph& graph = canvas_->graph();
    const auto& graphs = canvas_->project().canvas.positions;
    static const std::map<NodeId, Point> nowhere;
    const auto found = graphs.find(canvas_->graphName());
    const auto& kept = found == graphs.end() ? nowhere : found->second;
    // Mostly all are: both are in the order of ids.
    const auto id = [](const auto& entry) { return entry.first; };
    if (std::ranges::includes(kept, graph.nodes(), {}, id, id)) {
        provided_.clear();
        return false;
    }
    auto placed = kept;
    std::erase_if(provided_, [&](const auto& entry) {
        return placed.contains(entry.first) || graph.find(entry.first) == nullptr;
    });
    placed.insert(provided_.begin(), provided_.end());
    if (std::ranges::all_of(graph.nodes(),
                            [&](const auto& entry) { return placed.contains(entry.first); }))
        return false;
    const bool nothingPlaced = placed.empty();
    provided_.merge(stackedLayout(graph, placed, canvas_->flow()));
    return nothingPlaced;
}

void CanvasItems::provide(const std::map<NodeId, Point>& positions) {
    for (const auto& [id, at] : positions)
        if (const auto provided = provided_.find(id); provided != provided_.end())
            provided->second = at;
}

/// Room to scroll on every side. Grows in large steps and does not shrink: with each change the
/// scene sorts all its items anew.
void CanvasItems::makeRoom() {
    const QRectF content = contentRect();
    if (room_.contains(content.adjusted(-kLeastRoom, -kLeastRoom, kLeastRoom, kLeastRoom)))
        return;
    room_ |= content.adjusted(-kMostRoom, -kMostRoom, kMostRoom, kMostRoom);
    scene_->setSceneRect(room_);
}

void CanvasItems::routeLinks() {
    LinkRouter::Places obstacles;
    obstacles.reserve(nodes_.size());
    std::vector<std::pair<NodeId, const NodeItem*>> nodes;
    nodes.reserve(nodes_.size());
    for (const auto& [id, item] : nodes_) {
        nodes.emplace_back(id, item);
        // What is being dragged may be about to go into a link.
        if (!dragged_.contains(id))
            obstacles.emplace_back(id, item->sceneRect());
    }
    router_.place(std::move(obstacles), canvas_->flow());
    const auto portAt = [&](const PortRef& port, bool isInput) {
        const auto node = std::ranges::lower_bound(nodes, port.node, {},
                                                   [](const auto& entry) { return entry.first; });
        return node->second->portPos({port, isInput});
    };
    // Both maps have the same links in the same order.
    auto item = links_.begin();
    for (const auto& [id, link] : canvas_->graph().links()) {
        LinkItem& drawn = *(item++)->second;
        drawn.setRoute(router_.route(drawn.corners(), portAt(link.from, false), link.from.node,
                                     portAt(link.to, true), link.to.node));
    }
    std::vector<QRectF> pills;
    pills.reserve(links_.size());
    for (const bool straight : {true, false})
        for (const auto& [id, drawn] : links_)
            if (drawn->isStraight() == straight)
                drawn->placePill(pills);
}

} // namespace gradwright
