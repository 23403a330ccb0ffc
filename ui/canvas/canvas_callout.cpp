// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_callout.h"

#include "ui/canvas/callout_item.h"
#include "ui/canvas/canvas_context.h"

#include <utility>

namespace gradwright {

namespace {

constexpr double kGap = 22; ///< between node and callout

/// Errors come up by themselves, warnings when one asks.
const Diagnostic* shownProblem(const CanvasContext& canvas) {
    const std::vector<NodeId> selected = canvas.selection().nodes();
    const Diagnostic* shown = nullptr;
    bool shownIsSelected = false;
    for (const Diagnostic& diagnostic : canvas.document().analysis().diagnostics) {
        const Place& place = diagnostic.place;
        const bool isSelected =
            place.node && selected.size() == 1 && selected.front() == *place.node;
        if (diagnostic.severity != Severity::Error && !isSelected)
            continue;
        if (place.graph != canvas.graphName() || !place.node ||
            canvas.items().node(*place.node) == nullptr)
            continue;
        const bool better =
            shown == nullptr || (isSelected && !shownIsSelected) ||
            (isSelected == shownIsSelected && diagnostic.severity > shown->severity);
        if (better) {
            shown = &diagnostic;
            shownIsSelected = isSelected;
        }
    }
    return shown;
}

} // namespace

void CanvasCallout::remove() {
    delete std::exchange(item_, nullptr);
}

void CanvasCallout::sync() {
    remove();
    const Diagnostic* const shown = shownProblem(*canvas_);
    if (shown == nullptr)
        return;
    item_ = new CalloutItem(*shown, canvas_->themes());
    place(*canvas_->items().node(*shown->place.node));
    canvas_->scene().addItem(item_);
}

/// At the right of its node, or where nothing stands in the way.
void CanvasCallout::place(const NodeItem& node) {
    const QSizeF size = item_->size();
    const QRectF box = node.sceneRect();
    const double right = box.right() + kGap;
    const double left = box.left() - kGap - size.width();
    const double top = box.top() - 4;
    for (const QPointF at :
         {QPointF(right, top), QPointF(left, top), QPointF(right + metrics::kColumnPitch, top),
          QPointF(left - metrics::kColumnPitch, top)}) {
        if (!canvas_->items().isFree(QRectF(at, size)))
            continue;
        item_->setTail(at.x() < box.x() ? CalloutItem::Tail::Right : CalloutItem::Tail::Left);
        item_->setPos(at);
        return;
    }
    item_->setPos(right, top);
}

} // namespace gradwright
