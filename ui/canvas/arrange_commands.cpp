// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/arrange_commands.h"

#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_text.h"
#include "ui/canvas/copy_commands.h"

#include <algorithm>
#include <map>
#include <vector>

namespace gradwright {

namespace {

void arrange(CanvasContext& canvas, const QString& title, const std::map<NodeId, Point>& to) {
    MoveNodes move{canvas.graphName(), {}};
    for (const auto& [id, at] : to)
        if (at != canvas.items().positionOf(id))
            move.to[id] = at;
    if (!move.to.empty())
        canvas.perform(title, {std::move(move)});
}

} // namespace

void moveSelection(CanvasContext& canvas, QPointF by) {
    const auto moved = [&](const Point& at) {
        return Point{metrics::onGrid(at.x + by.x()), metrics::onGrid(at.y + by.y())};
    };
    ProjectEdit::Group group;
    MoveNodes move{canvas.graphName(), {}};
    for (const auto& [id, at] : copiedItems(canvas).nodes)
        move.to[id] = moved(at);
    if (!move.to.empty())
        group.push_back({std::move(move)});
    for (const FrameId id : canvas.selection().frames()) {
        Frame frame = canvas.project().canvas.frames.at(id);
        frame.position = moved(frame.position);
        group.push_back({SetFrame{id, std::move(frame)}});
    }
    for (const NoteId id : copiedItems(canvas).notes) {
        Note note = canvas.project().canvas.notes.at(id);
        note.position = moved(note.position);
        group.push_back({SetNote{id, std::move(note)}});
    }
    if (!group.empty())
        canvas.perform(canvasText("Move"), {std::move(group)});
}

void align(CanvasContext& canvas, Edge edge) {
    const std::vector<NodeId> selected = canvas.selection().nodes();
    if (selected.size() < 2) {
        Q_EMIT canvas.hint(canvasText("Select the layers to align, two or more."));
        return;
    }
    QRectF all;
    for (const NodeId id : selected)
        all |= canvas.items().node(id)->sceneRect();
    std::map<NodeId, Point> to;
    for (const NodeId id : selected) {
        QRectF box = canvas.items().node(id)->sceneRect();
        switch (edge) {
        case Edge::Left:
            box.moveLeft(all.left());
            break;
        case Edge::Center:
            box.moveLeft(all.center().x() - box.width() / 2);
            break;
        case Edge::Right:
            box.moveRight(all.right());
            break;
        case Edge::Top:
            box.moveTop(all.top());
            break;
        case Edge::Middle:
            box.moveTop(all.center().y() - box.height() / 2);
            break;
        case Edge::Bottom:
            box.moveBottom(all.bottom());
            break;
        }
        to[id] = {box.x(), box.y()};
    }
    arrange(canvas, canvasText("Align"), to);
}

void distribute(CanvasContext& canvas, Qt::Orientation orientation) {
    std::vector<NodeId> selected = canvas.selection().nodes();
    if (selected.size() < 3) {
        Q_EMIT canvas.hint(canvasText("Select the layers to distribute, three or more."));
        return;
    }
    const bool across = orientation == Qt::Horizontal;
    const auto begin = [&](NodeId id) {
        const QRectF box = canvas.items().node(id)->sceneRect();
        return across ? box.left() : box.top();
    };
    const auto length = [&](NodeId id) {
        const QRectF box = canvas.items().node(id)->sceneRect();
        return across ? box.width() : box.height();
    };
    std::ranges::stable_sort(selected, {}, begin);
    double taken = 0;
    for (const NodeId id : selected)
        taken += length(id);
    const double first = begin(selected.front());
    const double last = begin(selected.back()) + length(selected.back());
    const double gap = (last - first - taken) / static_cast<double>(selected.size() - 1);
    std::map<NodeId, Point> to;
    double at = first;
    for (const NodeId id : selected) {
        const QPointF old = canvas.items().node(id)->pos();
        to[id] = across ? Point{at, old.y()} : Point{old.x(), at};
        at += length(id) + gap;
    }
    arrange(canvas, canvasText("Distribute"), to);
}

} // namespace gradwright
