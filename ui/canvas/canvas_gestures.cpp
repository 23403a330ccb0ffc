// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "ui/canvas/callout_item.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/frame_item.h"
#include "ui/theme/text.h"

#include <QGraphicsSceneMouseEvent>
#include <QLineF>
#include <QPen>

#include <algorithm>
#include <array>

// The gestures of the canvas: links are dragged, nodes moved, fixes clicked.
namespace gradwright {

namespace {

constexpr double kFarAway = 40; // a link dropped nearer to its port was given up

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

const LinkItem* CanvasScene::linkAt(QPointF at) const {
    for (QGraphicsItem* const item : items(at))
        if (const auto* const link = qgraphicsitem_cast<LinkItem*>(item))
            return link;
    return nullptr;
}

std::optional<QString> CanvasScene::whyNot(const Port& from, const Port& to,
                                           std::optional<LinkId> replaced) const {
    if (from.isInput == to.isInput)
        return from.isInput ? tr("A link leads from an output to an input; these are two inputs.")
                            : tr("A link leads from an output to an input; these are two outputs.");
    const PortRef source = from.isInput ? to.ref : from.ref;
    const PortRef target = from.isInput ? from.ref : to.ref;
    if (replaced) {
        const Link* const old = document_->project().network.main.find(*replaced);
        if (old != nullptr && old->to == target)
            return {}; // back to where it was
    }
    const auto reason = whyNotLink(document_->project().network, kMainGraph, source, target);
    return reason ? std::optional(qstr(*reason)) : std::nullopt;
}

void CanvasScene::mousePressEvent(QGraphicsSceneMouseEvent* event) {
    if (event->button() != Qt::LeftButton) {
        QGraphicsScene::mousePressEvent(event);
        return;
    }
    const QPointF at = event->scenePos();
    if (callout_ != nullptr && callout_->buttonRect().contains(at)) {
        const Fix fix = callout_->diagnostic().fixes.front();
        perform(qstr(fix.title), {fix.edit});
        event->accept();
        return;
    }
    walker_.reset();
    if (const auto port = portAt(at)) {
        startLink(*port, at);
        event->accept();
        return;
    }
    QGraphicsScene::mousePressEvent(event);
    const auto hit = items(at);
    const bool onNode = std::ranges::any_of(
        hit, [](QGraphicsItem* item) { return item->type() == NodeItem::Type; });
    if (!onNode) {
        startFrameDrag(at);
        return;
    }
    moveDrag_ = MoveDrag{at, {}};
    for (const NodeId id : selectedNodes())
        moveDrag_->positions[id] = positionOf(id);
    document_->endMerge();
}

void CanvasScene::mouseMoveEvent(QGraphicsSceneMouseEvent* event) {
    if (linkDrag_)
        dragLink(event->scenePos());
    else if (frameDrag_ && event->buttons().testFlag(Qt::LeftButton))
        dragFrame(event->scenePos());
    else if (moveDrag_ && event->buttons().testFlag(Qt::LeftButton))
        dragNodes(event->scenePos());
    else
        QGraphicsScene::mouseMoveEvent(event);
}

void CanvasScene::mouseReleaseEvent(QGraphicsSceneMouseEvent* event) {
    if (linkDrag_)
        dropLink(event->scenePos());
    else
        QGraphicsScene::mouseReleaseEvent(event);
    moveDrag_.reset();
    frameDrag_.reset();
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
            Q_EMIT nodeActivated(node->id());
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

void CanvasScene::dragNodes(QPointF at) {
    const QPointF by = at - moveDrag_->start;
    MoveNodes move{kMainGraph, {}};
    bool moved = false;
    for (const auto& [id, from] : moveDrag_->positions) {
        const Point to{metrics::onGrid(from.x + by.x()), metrics::onGrid(from.y + by.y())};
        moved = moved || to != positionOf(id);
        move.to[id] = to;
    }
    if (!moved)
        return;
    try {
        document_->performMerged(tr("Move"), {std::move(move)}, QStringLiteral("drag"));
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

void CanvasScene::startLink(Port port, QPointF at) {
    LinkDrag drag{port, {}, nullptr};
    if (port.isInput) {
        // A link that ends here is picked up by its end.
        if (const Link* const link = document_->project().network.main.linkInto(port.ref)) {
            drag.replaced = link->id;
            drag.from = {link->from, false};
        }
    }
    drag.line = addPath({}, QPen(themes_->theme().focus, 2));
    drag.line->setZValue(2);
    linkDrag_ = drag;
    for (const auto& [id, item] : nodes_) {
        std::vector<Port> fitting;
        for (const Port& candidate : item->ports())
            if (!whyNot(linkDrag_->from, candidate, linkDrag_->replaced))
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
    const QPolygonF corners = routeLink(backwards ? end : start, backwards ? start : end, {});
    linkDrag_->line->setPath(roundedPath(corners, 12));
    std::optional<QString> reason;
    if (target && *target != linkDrag_->from)
        reason = whyNot(linkDrag_->from, *target, linkDrag_->replaced);
    linkDrag_->line->setPen(QPen(reason ? themes_->theme().error : themes_->theme().focus, 2));
    Q_EMIT hint(reason.value_or(QString()));
}

void CanvasScene::dropLink(QPointF at) {
    const LinkDrag drag = *linkDrag_;
    linkDrag_.reset();
    delete drag.line;
    for (const auto& [id, item] : nodes_)
        item->setFitting({});
    const auto target = portAt(at);
    if (!target) {
        if (drag.replaced)
            perform(tr("Delete link"),
                    removeItems(document_->project(), {}, std::array{*drag.replaced}));
        else if (QLineF(nodes_.at(drag.from.ref.node)->portPos(drag.from), at).length() > kFarAway)
            Q_EMIT linkDroppedOnVoid(drag.from, at);
        return;
    }
    if (*target == drag.from || whyNot(drag.from, *target, drag.replaced))
        return;
    const PortRef from = drag.from.isInput ? target->ref : drag.from.ref;
    const PortRef to = drag.from.isInput ? drag.from.ref : target->ref;
    if (drag.replaced) {
        const Link& old = *document_->project().network.main.find(*drag.replaced);
        if (old.from == from && old.to == to)
            return;
    }
    perform(drag.replaced ? tr("Reconnect") : tr("Link"),
            addLink(document_->project(), from, to, drag.replaced));
}

} // namespace gradwright
