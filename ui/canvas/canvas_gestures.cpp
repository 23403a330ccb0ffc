// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "ui/canvas/callout_item.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/note_item.h"
#include "ui/theme/text.h"

#include <QGraphicsSceneMouseEvent>
#include <QLineF>
#include <QPen>

#include <algorithm>
#include <array>

// The gestures of the canvas: links are dragged, fixes clicked; what else a press may begin.
namespace gradwright {

namespace {

constexpr double kFarAway = 40; // a link dropped nearer to its port was given up
constexpr double kEndPart = 28; // px at a link's end by which it is taken

/// The nodes from which `from` is reached, or that it reaches, without the link that is moved.
std::set<NodeId> reachable(const Graph& graph, NodeId from, bool downstream,
                           std::optional<LinkId> without) {
    std::set<NodeId> seen;
    std::vector<NodeId> open = {from};
    while (!open.empty()) {
        const NodeId node = open.back();
        open.pop_back();
        if (!seen.insert(node).second)
            continue;
        for (const LinkId id : graph.linksOf(node)) {
            const Link& link = *graph.find(id);
            const NodeId near = downstream ? link.from.node : link.to.node;
            if (near == node && id != without)
                open.push_back(downstream ? link.to.node : link.from.node);
        }
    }
    return seen;
}

} // namespace

std::optional<Port> CanvasScene::portAt(QPointF at) const {
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

LinkItem* CanvasScene::linkAt(QPointF at) const {
    for (QGraphicsItem* const item : items(at))
        if (auto* const link = qgraphicsitem_cast<LinkItem*>(item))
            return link;
    return nullptr;
}

/// A link taken near one end is held by the other one.
std::optional<Port> CanvasScene::fixedEnd(const LinkItem& item, QPointF at) const {
    const Link& link = *graph().find(item.id());
    const double start = QLineF(at, item.corners().first()).length();
    const double end = QLineF(at, item.corners().last()).length();
    if (std::min(start, end) > kEndPart)
        return {};
    return start < end ? Port{link.to, true} : Port{link.from, false};
}

/// Why the link that is dragged cannot end at a port.
std::optional<QString> CanvasScene::whyNot(const Port& to) const {
    const Port& from = linkDrag_->from;
    if (from.isInput == to.isInput)
        return from.isInput ? tr("A link leads from an output to an input; these are two inputs.")
                            : tr("A link leads from an output to an input; these are two outputs.");
    const Graph& shown = graph();
    const PortRef source = from.isInput ? to.ref : from.ref;
    const PortRef target = from.isInput ? from.ref : to.ref;
    const auto name = [&](NodeId id) { return qstr(shown.find(id)->name); };
    if (source.node == target.node)
        return tr("%1 cannot feed itself.").arg(name(source.node));
    const Link* const old = linkDrag_->replaced ? shown.find(*linkDrag_->replaced) : nullptr;
    const Link* const taken = shown.linkInto(target);
    if (taken != nullptr && taken != old) {
        const Network& network = document_->project().network;
        const auto reason =
            whyNotPorts(shown, source, target, portsOf(network, *shown.find(source.node)),
                        portsOf(network, *shown.find(target.node)));
        return qstr(reason.value_or(std::string()));
    }
    if (linkDrag_->cyclic.contains(to.ref.node))
        return tr("%1 already leads to %2: the link would close a cycle.")
            .arg(name(target.node), name(source.node));
    return {};
}

/// What the layer at the port would say of the shape; empty when it takes it or when that is not
/// known yet.
QString CanvasScene::shapeProblem(const Port& to) const {
    const Port& from = linkDrag_->from;
    const PortRef source = from.isInput ? to.ref : from.ref;
    const PortRef target = from.isInput ? from.ref : to.ref;
    const Node& feeding = *graph().find(source.node);
    const Node& fed = *graph().find(target.node);
    const LayerUse* const use = fed.layerUse();
    const LayerDef* const layer = use != nullptr ? findLayer(use->layer) : nullptr;
    const NodeAnalysis* const found = analysisOf(feeding.id);
    if (layer == nullptr || layer->infer == nullptr || layer->maxInputs != 1 ||
        feeding.blockUse() != nullptr || found == nullptr || found->state != ShapeState::Known ||
        !validate(layer->params, fed.params).empty())
        return {};
    const Inferred inferred =
        layer->infer({Params(layer->params, fed.params), std::span(&found->output, 1)});
    const auto* const problem = std::get_if<LayerProblem>(&inferred);
    return problem != nullptr ? qstr(problem->message) : QString();
}

void CanvasScene::mousePressEvent(QGraphicsSceneMouseEvent* event) {
    if (event->button() != Qt::LeftButton) {
        QGraphicsScene::mousePressEvent(event);
        return;
    }
    const QPointF at = event->scenePos();
    if (callout_ != nullptr && callout_->buttonRect().contains(at)) {
        event->accept();
        applyFix();
        return;
    }
    if (const auto port = portAt(at)) {
        event->accept();
        // A link that ends here is picked up by its end.
        const Link* const link = port->isInput ? graph().linkInto(port->ref) : nullptr;
        if (link != nullptr)
            startLink({link->from, false}, link->id, at);
        else
            startLink(*port, {}, at);
        return;
    }
    QGraphicsScene::mousePressEvent(event);
    const auto hit = items(at);
    const auto isNode = [](QGraphicsItem* item) { return item->type() == NodeItem::Type; };
    if (startSizing(at))
        return;
    if (const LinkItem* const link = linkAt(at);
        link != nullptr && std::ranges::none_of(hit, isNode)) {
        if (const auto fixed = fixedEnd(*link, at))
            startLink(*fixed, link->id(), at);
        return;
    }
    startMove(at);
}

void CanvasScene::mouseMoveEvent(QGraphicsSceneMouseEvent* event) {
    const bool held = event->buttons().testFlag(Qt::LeftButton);
    if (linkDrag_)
        dragLink(event->scenePos());
    else if (sizeDrag_ && held)
        dragSize(event->scenePos());
    else if (moveDrag_ && held)
        dragItems(event->scenePos(), event->modifiers());
    else
        QGraphicsScene::mouseMoveEvent(event);
}

void CanvasScene::mouseReleaseEvent(QGraphicsSceneMouseEvent* event) {
    if (linkDrag_) {
        dropLink(event->scenePos());
    } else {
        QGraphicsScene::mouseReleaseEvent(event);
        if (moveDrag_)
            dropItems();
    }
    const bool moved = moveDrag_ && moveDrag_->moved;
    moveDrag_.reset();
    if (moved)
        routeLinks(); // around it, now that it has its place
    sizeDrag_.reset();
}

void CanvasScene::mouseDoubleClickEvent(QGraphicsSceneMouseEvent* event) {
    const QPointF at = event->scenePos();
    if (event->button() != Qt::LeftButton || portAt(at)) {
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
        if (item->type() == LinkItem::Type || item == callout_)
            return;
    }
    Q_EMIT voidActivated(at);
}

void CanvasScene::startLink(Port fixed, std::optional<LinkId> replaced, QPointF at) {
    LinkDrag drag{fixed, replaced, nullptr, {}};
    drag.cyclic = reachable(graph(), fixed.ref.node, fixed.isInput, replaced);
    drag.cyclic.erase(fixed.ref.node);
    drag.line = addPath({}, QPen(themes_->theme().focus, 2));
    drag.line->setZValue(2);
    linkDrag_ = std::move(drag);
    for (const auto& [id, item] : nodes_) {
        std::vector<Port> fitting;
        for (const Port& candidate : item->ports())
            if (!whyNot(candidate))
                fitting.push_back(candidate);
        item->setFitting(std::move(fitting));
    }
    dragLink(at);
}

void CanvasScene::dragLink(QPointF at) {
    const auto target = portAt(at);
    const QPointF start = nodes_.at(linkDrag_->from.ref.node)->portPos(linkDrag_->from);
    const QPointF end = target ? nodes_.at(target->ref.node)->portPos(*target) : at;
    const bool backwards = linkDrag_->from.isInput;
    const QPolygonF corners =
        routeLink(backwards ? end : start, backwards ? start : end, {}, flow());
    linkDrag_->line->setPath(roundedPath(corners, 12));
    std::optional<QString> reason;
    QString remark;
    if (target && *target != linkDrag_->from) {
        reason = whyNot(*target);
        if (!reason)
            remark = shapeProblem(*target);
    }
    const Theme& theme = themes_->theme();
    linkDrag_->line->setPen(QPen(reason             ? theme.error
                                 : remark.isEmpty() ? theme.focus
                                                    : theme.warning,
                                 2));
    Q_EMIT hint(reason.value_or(remark));
}

void CanvasScene::dropLink(QPointF at) {
    const auto target = portAt(at);
    const bool refused = target && (*target == linkDrag_->from || whyNot(*target));
    const LinkDrag drag = *linkDrag_;
    linkDrag_.reset();
    delete drag.line;
    for (const auto& [id, item] : nodes_)
        item->setFitting({});
    if (!target) {
        const QPointF start = nodes_.at(drag.from.ref.node)->portPos(drag.from);
        const LinkItem* const old = drag.replaced ? linkItem(*drag.replaced) : nullptr;
        if (old != nullptr) {
            // Let go where it was taken: nothing was meant.
            const QPointF end = drag.from.isInput ? old->corners().first() : old->corners().last();
            if (QLineF(end, at).length() > kFarAway)
                perform(tr("Delete link"), removeItems(document_->project(), scope_.graph, {},
                                                       std::array{*drag.replaced}));
        } else if (QLineF(start, at).length() > kFarAway) {
            Q_EMIT linkDroppedOnVoid(drag.from, at);
        }
        return;
    }
    if (refused)
        return;
    const PortRef from = drag.from.isInput ? target->ref : drag.from.ref;
    const PortRef to = drag.from.isInput ? drag.from.ref : target->ref;
    if (drag.replaced) {
        const Link& old = *graph().find(*drag.replaced);
        if (old.from == from && old.to == to)
            return;
    }
    perform(drag.replaced ? tr("Reconnect") : tr("Link"),
            addLink(document_->project(), scope_.graph, from, to, drag.replaced));
}

} // namespace gradwright
