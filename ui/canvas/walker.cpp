// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/walker.h"

#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gradwright {

namespace {

constexpr double kBeside = 8; // px that a node must lie to the side of another
constexpr double kAcross = 2; // a step sideways should not climb

} // namespace

void Walker::walk(CanvasContext& canvas, Qt::Key arrow, bool extend) {
    const Graph& shown = canvas.graph();
    std::vector<NodeId> selected = canvas.selection().nodes();
    if (selected.empty()) {
        const auto first = std::ranges::min_element(
            canvas.items().nodes(), {}, [](const auto& entry) { return entry.second->y(); });
        if (first != canvas.items().nodes().end())
            canvas.selection().select({first->first});
        return;
    }
    const bool stands = at_ && std::ranges::find(selected, *at_) != selected.end();
    const NodeId here = stands ? *at_ : selected.back();
    const QPointF at = canvas.items().node(here)->pos();
    std::vector<NodeId> candidates;
    const bool down = canvas.flow() == Flow::Down;
    const Qt::Key with = down ? Qt::Key_Down : Qt::Key_Right;
    const Qt::Key against = down ? Qt::Key_Up : Qt::Key_Left;
    const bool back = arrow == Qt::Key_Left || arrow == Qt::Key_Up;
    if (arrow == with || arrow == against) {
        for (const LinkId id : shown.linksOf(here)) {
            const Link& link = *shown.find(id);
            if (arrow == with && link.from.node == here)
                candidates.push_back(link.to.node);
            if (arrow == against && link.to.node == here)
                candidates.push_back(link.from.node);
        }
    } else {
        for (const auto& [id, item] : canvas.items().nodes()) {
            const double by = down ? item->x() - at.x() : item->y() - at.y();
            if (back ? by < -kBeside : by > kBeside)
                candidates.push_back(id);
        }
    }
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
    if (!extend)
        selected.clear();
    selected.push_back(*next);
    canvas.selection().select(selected);
}

} // namespace gradwright
