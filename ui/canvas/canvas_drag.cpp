// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/note_item.h"
#include "ui/theme/text.h"

#include <QGraphicsView>
#include <QPen>

#include <algorithm>
#include <array>
#include <cmath>

// Moving what is on the canvas: snapping, into links and out of them, sizes.
namespace gradwright {

namespace {

constexpr double kSnap = 6; // px on the screen
constexpr double kGuideReach = 12;
constexpr double kSmallest = 80;

double zoomOf(const QGraphicsScene& scene) {
    const auto views = scene.views();
    return views.isEmpty() ? 1 : std::max(views.first()->transform().m11(), 0.01);
}

Point moved(const Point& point, QPointF by) {
    return {point.x + by.x(), point.y + by.y()};
}

/// The nearest of the lines to one of the three of a box, as a shift; nothing beyond `reach`.
struct Snap {
    double shift = 0;
    double line = 0;
    bool found = false;

    void offer(double own, double other, double reach) {
        const double by = other - own;
        if (std::abs(by) > reach || (found && std::abs(by) >= std::abs(shift)))
            return;
        shift = by;
        line = other;
        found = true;
    }
};

} // namespace

void CanvasScene::startMove(QPointF at) {
    const auto hit = items(at);
    const auto taken = std::ranges::find_if(hit, [](const QGraphicsItem* item) {
        return item->type() == NodeItem::Type || item->type() == NoteItem::Type ||
               item->type() == FrameItem::Type;
    });
    if (taken == hit.end() || !(*taken)->isSelected())
        return;
    MoveDrag drag;
    drag.start = at;
    if (const auto* const node = qgraphicsitem_cast<NodeItem*>(*taken))
        drag.grabbed = node->id();
    const Copied items = copiedItems();
    drag.nodes = items.nodes;
    for (const FrameId id : items.frames)
        drag.frames[id] = document_->project().canvas.frames.at(id);
    for (const NoteId id : items.notes)
        drag.notes[id] = document_->project().canvas.notes.at(id);
    moveDrag_ = std::move(drag);
    document_->endMerge();
}

/// The shift, so that the grabbed node comes in line with another one; shows the line.
QPointF CanvasScene::snapped(QPointF by) {
    delete std::exchange(guides_, nullptr);
    const auto grabbed = moveDrag_->nodes.find(moveDrag_->grabbed);
    if (grabbed == moveDrag_->nodes.end())
        return {metrics::onGrid(by.x()), metrics::onGrid(by.y())};
    const QRectF own = QRectF(QPointF(grabbed->second.x, grabbed->second.y) + by,
                              nodes_.at(grabbed->first)->rect().size());
    const double reach = kSnap / zoomOf(*this);
    const QList<QGraphicsView*> all = views();
    const QRectF seen =
        all.isEmpty() ? contentRect()
                      : all.first()->mapToScene(all.first()->viewport()->rect()).boundingRect();
    Snap x;
    Snap y;
    QRectF besideX;
    QRectF besideY;
    for (const auto& [id, item] : nodes_) {
        const QRectF other = item->sceneRect();
        if (moveDrag_->nodes.contains(id) || !other.intersects(seen))
            continue;
        const double before = x.shift;
        const double above = y.shift;
        x.offer(own.left(), other.left(), reach);
        x.offer(own.center().x(), other.center().x(), reach);
        x.offer(own.right(), other.right(), reach);
        y.offer(own.top(), other.top(), reach);
        y.offer(own.center().y(), other.center().y(), reach);
        y.offer(own.bottom(), other.bottom(), reach);
        if (x.found && (besideX.isNull() || x.shift != before))
            besideX = other;
        if (y.found && (besideY.isNull() || y.shift != above))
            besideY = other;
    }
    const Point& from = grabbed->second;
    const QPointF result(x.found ? by.x() + x.shift : metrics::onGrid(from.x + by.x()) - from.x,
                         y.found ? by.y() + y.shift : metrics::onGrid(from.y + by.y()) - from.y);
    QPainterPath lines;
    const QRectF now = own.translated(result - by);
    if (x.found) {
        lines.moveTo(x.line, std::min(now.top(), besideX.top()) - kGuideReach);
        lines.lineTo(x.line, std::max(now.bottom(), besideX.bottom()) + kGuideReach);
    }
    if (y.found) {
        lines.moveTo(std::min(now.left(), besideY.left()) - kGuideReach, y.line);
        lines.lineTo(std::max(now.right(), besideY.right()) + kGuideReach, y.line);
    }
    if (!lines.isEmpty()) {
        QPen pen(themes_->theme().focus, 1);
        pen.setCosmetic(true);
        guides_ = addPath(lines, pen);
        guides_->setZValue(4);
    }
    return result;
}

void CanvasScene::dragItems(QPointF at, Qt::KeyboardModifiers keys) {
    MoveDrag& drag = *moveDrag_;
    const bool pulls = (keys & (Qt::AltModifier | Qt::ShiftModifier)) != 0;
    if (drag.moved && pulls != drag.pullsOut) {
        drag.pullsOut =
            pulls && closeGap(document_->project(), scope_.graph, draggedNodes()).has_value();
        Q_EMIT hint(drag.pullsOut ? tr("Let go to take the layer out; the link closes.")
                                  : QString());
        findTarget();
    }
    const QPointF by = snapped(at - drag.start);
    if (by == drag.by)
        return;
    drag.by = by;
    ProjectEdit::Group group;
    MoveNodes move{scope_.graph, {}};
    for (const auto& [id, from] : drag.nodes)
        move.to[id] = moved(from, by);
    if (!move.to.empty())
        group.push_back({std::move(move)});
    for (const auto& [id, before] : drag.frames) {
        Frame frame = before;
        frame.position = moved(before.position, by);
        group.push_back({SetFrame{id, std::move(frame)}});
    }
    for (const auto& [id, before] : drag.notes) {
        Note note = before;
        note.position = moved(before.position, by);
        group.push_back({SetNote{id, std::move(note)}});
    }
    const QString title =
        drag.frames.empty() || !drag.nodes.empty() ? tr("Move") : tr("Move frame");
    performMerged(title, {std::move(group)}, QStringLiteral("drag"));
    drag.moved = true;
    findTarget();
}

std::vector<NodeId> CanvasScene::draggedNodes() const {
    std::vector<NodeId> nodes;
    for (const auto& [id, from] : moveDrag_->nodes)
        nodes.push_back(id);
    return nodes;
}

/// One node alone, that is linked to nothing or about to be taken out, may go into the link
/// beneath.
void CanvasScene::findTarget() {
    const MoveDrag& drag = *moveDrag_;
    std::optional<LinkId> target;
    if (drag.nodes.size() == 1 && drag.grabbed == drag.nodes.begin()->first) {
        const QPointF middle = nodes_.at(drag.grabbed)->sceneRect().center();
        const LinkItem* const link = linkAt(middle);
        if (link != nullptr &&
            fitsInto(document_->project(), scope_.graph, drag.grabbed, link->id(), drag.pullsOut))
            target = link->id();
    }
    showTarget(target);
}

void CanvasScene::showTarget(std::optional<LinkId> link) {
    if (link == moveDrag_->target)
        return;
    const auto light = [this](std::optional<LinkId> id, bool on) {
        if (id)
            if (const auto item = links_.find(*id); item != links_.end())
                item->second->setTarget(on);
    };
    light(moveDrag_->target, false);
    light(link, true);
    moveDrag_->target = link;
    Q_EMIT hint(link ? tr("Let go to put the layer into this link.") : QString());
}

void CanvasScene::dropItems() {
    delete std::exchange(guides_, nullptr);
    if (!moveDrag_->moved)
        return;
    const std::optional<LinkId> target = moveDrag_->target;
    showTarget({});
    try {
        if (moveDrag_->pullsOut)
            if (const auto closed = closeGap(document_->project(), scope_.graph, draggedNodes()))
                document_->performJoined(tr("Take out"), {*closed});
        if (target && graph().find(*target) != nullptr)
            document_->performJoined(
                tr("Put into the link"),
                {insertNode(document_->project(), scope_.graph, moveDrag_->grabbed, *target)});
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

void CanvasScene::endDrags() {
    delete std::exchange(guides_, nullptr);
    if (linkDrag_) {
        delete linkDrag_->line;
        for (const auto& [id, item] : nodes_)
            item->setFitting({});
    }
    linkDrag_.reset();
    moveDrag_.reset();
    sizeDrag_.reset();
}

void CanvasScene::endStaleDrags() {
    const auto gone = [](const auto& held, const auto& items) {
        return std::ranges::any_of(held,
                                   [&](const auto& entry) { return !items.contains(entry.first); });
    };
    const bool stale =
        (linkDrag_ && !nodes_.contains(linkDrag_->from.ref.node)) ||
        (moveDrag_ && (gone(moveDrag_->nodes, nodes_) || gone(moveDrag_->frames, frames_) ||
                       gone(moveDrag_->notes, notes_))) ||
        (sizeDrag_ && ((sizeDrag_->frame && !frames_.contains(sizeDrag_->frame->first)) ||
                       (sizeDrag_->note && !notes_.contains(sizeDrag_->note->first))));
    if (stale)
        endDrags();
}

// ---- sizes

bool CanvasScene::startSizing(QPointF at) {
    for (QGraphicsItem* const item : items(at)) {
        if (item->type() == NodeItem::Type)
            return false;
        SizeDrag drag{at};
        if (const auto* const frame = qgraphicsitem_cast<FrameItem*>(item)) {
            if (!frame->handleRect().contains(frame->mapFromScene(at)))
                continue;
            drag.frame = {frame->id(), document_->project().canvas.frames.at(frame->id())};
        } else if (const auto* const note = qgraphicsitem_cast<NoteItem*>(item)) {
            if (!note->handleRect().contains(note->mapFromScene(at)))
                continue;
            drag.note = {note->id(), document_->project().canvas.notes.at(note->id())};
        } else {
            continue;
        }
        sizeDrag_ = std::move(drag);
        document_->endMerge();
        return true;
    }
    return false;
}

void CanvasScene::dragSize(QPointF at) {
    const QPointF by = at - sizeDrag_->start;
    const auto resized = [&](auto box) {
        box.width = std::max(kSmallest, metrics::onGrid(box.width + by.x()));
        box.height = std::max(metrics::kDots, metrics::onGrid(box.height + by.y()));
        return box;
    };
    if (sizeDrag_->frame) {
        const auto& [id, before] = *sizeDrag_->frame;
        Frame frame = resized(before);
        frame.height = std::max(frame.height, kSmallest);
        if (frame != document_->project().canvas.frames.at(id))
            performMerged(tr("Resize frame"), {SetFrame{id, std::move(frame)}},
                          QStringLiteral("size"));
    } else if (sizeDrag_->note) {
        const auto& [id, before] = *sizeDrag_->note;
        Note note = resized(before);
        if (note != document_->project().canvas.notes.at(id))
            performMerged(tr("Resize note"), {SetNote{id, std::move(note)}},
                          QStringLiteral("size"));
    }
}

} // namespace gradwright
