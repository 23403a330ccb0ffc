// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/walker.h"

#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_text.h"

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr double kBeside = 8; // px that a node must lie to the side of another
constexpr double kAcross = 2; // a step sideways should not climb

} // namespace

void Walker::walk(CanvasContext& canvas, Qt::Key arrow, bool extend) {
    const bool down = canvas.flow() == Flow::Down;
    const bool back = arrow == Qt::Key_Left || arrow == Qt::Key_Up;
    const bool isAlong = down == (arrow == Qt::Key_Up || arrow == Qt::Key_Down);
    if (isAlong)
        return follow(canvas, !back, extend);
    const auto here = place(canvas);
    if (!here)
        return;
    const QPointF at = canvas.items().node(*here)->pos();
    std::vector<NodeId> candidates;
    for (const auto& [id, item] : canvas.items().nodes()) {
        const double by = down ? item->x() - at.x() : item->y() - at.y();
        if (back ? by < -kBeside : by > kBeside)
            candidates.push_back(id);
    }
    goToNearest(canvas, candidates, *here, extend);
}

void Walker::follow(CanvasContext& canvas, bool on, bool extend) {
    const auto here = place(canvas);
    if (!here)
        return;
    std::vector<NodeId> candidates;
    for (const LinkId id : canvas.graph().linksOf(*here)) {
        const Link& link = *canvas.graph().find(id);
        if ((on ? link.from.node : link.to.node) == *here)
            candidates.push_back(on ? link.to.node : link.from.node);
    }
    goToNearest(canvas, candidates, *here, extend);
}

std::optional<NodeId> Walker::place(CanvasContext& canvas) const {
    const std::vector<NodeId> selected = canvas.selection().nodes();
    if (selected.empty()) {
        if (const auto order = canvas.items().nodesInOrder(); !order.empty())
            canvas.selection().select({order.front()});
        return {};
    }
    const bool stands = at_ && std::ranges::find(selected, *at_) != selected.end();
    return stands ? *at_ : selected.back();
}

void Walker::goToNearest(CanvasContext& canvas, const std::vector<NodeId>& candidates, NodeId from,
                         bool extend) {
    const bool down = canvas.flow() == Flow::Down;
    const QPointF at = canvas.items().node(from)->pos();
    const auto distance = [&](NodeId id) {
        const QPointF by = canvas.items().node(id)->pos() - at;
        return down ? std::hypot(by.x(), kAcross * by.y()) : std::hypot(kAcross * by.x(), by.y());
    };
    const auto next = std::ranges::min_element(candidates, {}, distance);
    if (next == candidates.end()) {
        Q_EMIT canvas.hint(canvasText("There is no layer in this direction."));
        return;
    }
    at_ = *next;
    std::vector<NodeId> selected;
    if (extend)
        selected = canvas.selection().nodes();
    selected.push_back(*next);
    canvas.selection().select(selected);
}

} // namespace gradwright
