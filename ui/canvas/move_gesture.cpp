// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/move_gesture.h"

#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_edits.h"
#include "ui/canvas/canvas_text.h"
#include "ui/canvas/copy_commands.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/note_item.h"

#include <QGraphicsView>

#include <algorithm>
#include <set>

namespace gradwright {

namespace {

Point moved(const Point& point, QPointF by) {
    return {point.x + by.x(), point.y + by.y()};
}

/// What is seen of the canvas; all of it where nothing is.
QRectF seenRect(const CanvasContext& canvas) {
    const QList<QGraphicsView*> views = canvas.scene().views();
    return views.isEmpty()
               ? canvas.items().contentRect()
               : views.first()->mapToScene(views.first()->viewport()->rect()).boundingRect();
}

} // namespace

std::unique_ptr<MoveGesture> MoveGesture::begin(CanvasContext& canvas, QPointF at) {
    const auto hit = canvas.scene().items(at);
    const auto taken = std::ranges::find_if(hit, [](const QGraphicsItem* item) {
        return item->type() == NodeItem::Type || item->type() == NoteItem::Type ||
               item->type() == FrameItem::Type;
    });
    if (taken == hit.end() || !(*taken)->isSelected())
        return nullptr;
    const auto* const node = qgraphicsitem_cast<NodeItem*>(*taken);
    return std::unique_ptr<MoveGesture>(
        new MoveGesture(canvas, node != nullptr ? node->id() : NodeId{}, at));
}

MoveGesture::MoveGesture(CanvasContext& canvas, NodeId grabbed, QPointF start)
    : canvas_(&canvas)
    , grabbed_(grabbed)
    , start_(start)
    , guides_(canvas) {
    const Copied items = copiedItems(canvas);
    nodes_ = items.nodes;
    for (const FrameId id : items.frames)
        frames_[id] = canvas.project().canvas.frames.at(id);
    for (const NoteId id : items.notes)
        notes_[id] = canvas.project().canvas.notes.at(id);
    const std::vector<NodeId> dragged = nodes();
    canvas.items().setDragged({dragged.begin(), dragged.end()});
    canvas.document().endMerge();
}

MoveGesture::~MoveGesture() {
    canvas_->items().setDragged({});
}

bool MoveGesture::isHolding() const {
    const auto areThere = [](const auto& held, const auto& items) {
        return std::ranges::all_of(held,
                                   [&](const auto& entry) { return items.contains(entry.first); });
    };
    const CanvasItems& items = canvas_->items();
    return areThere(nodes_, items.nodes()) && areThere(frames_, items.frames()) &&
           areThere(notes_, items.notes());
}

std::vector<NodeId> MoveGesture::nodes() const {
    std::vector<NodeId> nodes;
    for (const auto& [id, from] : nodes_)
        nodes.push_back(id);
    return nodes;
}

/// The shift, so that the grabbed node comes in line with another one, or on the grid.
QPointF MoveGesture::snapped(QPointF by) {
    guides_.hide();
    const auto grabbed = nodes_.find(grabbed_);
    if (grabbed == nodes_.end())
        return {metrics::onGrid(by.x()), metrics::onGrid(by.y())};
    const Point& from = grabbed->second;
    const QRectF own =
        QRectF(QPointF(from.x, from.y) + by, canvas_->items().node(grabbed_)->rect().size());
    const QRectF seen = seenRect(*canvas_);
    std::vector<QRectF> others;
    for (const auto& [id, item] : canvas_->items().nodes())
        if (const QRectF other = item->sceneRect(); !nodes_.contains(id) && other.intersects(seen))
            others.push_back(other);
    const SnapGuides::Shift shift = guides_.show(own, others);
    return {shift.snapsX ? by.x() + shift.x : metrics::onGrid(from.x + by.x()) - from.x,
            shift.snapsY ? by.y() + shift.y : metrics::onGrid(from.y + by.y()) - from.y};
}

void MoveGesture::move(QPointF at, Qt::KeyboardModifiers keys) {
    const bool pulls = (keys & (Qt::AltModifier | Qt::ShiftModifier)) != 0;
    if (moved_ && pulls != pullsOut_) {
        pullsOut_ =
            pulls && closeGap(canvas_->project(), canvas_->graphName(), nodes()).has_value();
        Q_EMIT canvas_->hint(pullsOut_ ? canvasText("Release to remove the layer; the link closes.")
                                       : QString());
        findTarget();
    }
    const QPointF by = snapped(at - start_);
    if (by == by_)
        return;
    by_ = by;
    moveTo(by);
    moved_ = true;
    findTarget();
}

void MoveGesture::moveTo(QPointF by) {
    ProjectEdit::Group group;
    MoveNodes move{canvas_->graphName(), {}};
    for (const auto& [id, from] : nodes_)
        move.to[id] = moved(from, by);
    if (!move.to.empty())
        group.push_back({std::move(move)});
    for (const auto& [id, before] : frames_) {
        Frame frame = before;
        frame.position = moved(before.position, by);
        group.push_back({SetFrame{id, std::move(frame)}});
    }
    for (const auto& [id, before] : notes_) {
        Note note = before;
        note.position = moved(before.position, by);
        group.push_back({SetNote{id, std::move(note)}});
    }
    const QString title =
        frames_.empty() || !nodes_.empty() ? canvasText("Move") : canvasText("Move frame");
    canvas_->performMerged(title, {std::move(group)}, QStringLiteral("drag"));
}

/// One node alone, that is linked to nothing or about to be taken out, may go into the link
/// beneath.
void MoveGesture::findTarget() {
    std::optional<LinkId> target;
    if (nodes_.size() == 1 && grabbed_ == nodes_.begin()->first) {
        const QPointF middle = canvas_->items().node(grabbed_)->sceneRect().center();
        const LinkItem* const link = canvas_->items().linkAt(middle);
        if (link != nullptr &&
            fitsInto(canvas_->project(), canvas_->graphName(), grabbed_, link->id(), pullsOut_))
            target = link->id();
    }
    showTarget(target);
}

void MoveGesture::showTarget(std::optional<LinkId> link) {
    if (link == target_)
        return;
    const auto light = [this](std::optional<LinkId> id, bool on) {
        if (LinkItem* const item = id ? canvas_->items().link(*id) : nullptr)
            item->setTarget(on);
    };
    light(target_, false);
    light(link, true);
    target_ = link;
    Q_EMIT canvas_->hint(link ? canvasText("Release to insert the layer into this link.")
                              : QString());
}

void MoveGesture::drop(QPointF) {
    guides_.hide();
    if (!moved_)
        return;
    const std::optional<LinkId> target = target_;
    showTarget({});
    ProjectDocument& document = canvas_->document();
    canvas_->attempt([&] {
        if (pullsOut_)
            if (const auto closed = closeGap(canvas_->project(), canvas_->graphName(), nodes()))
                document.performJoined(canvasText("Remove from the link"), {*closed});
        if (target && canvas_->graph().find(*target) != nullptr)
            document.performJoined(
                canvasText("Insert into the link"),
                {insertNode(canvas_->project(), canvas_->graphName(), grabbed_, *target)});
    });
    canvas_->items().setDragged({});
    canvas_->items().routeLinks(); // around it, now that it has its place
}

} // namespace gradwright
