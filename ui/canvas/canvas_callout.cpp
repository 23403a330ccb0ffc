// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_callout.h"

#include "ui/canvas/callout_item.h"
#include "ui/canvas/canvas_context.h"

#include <QGraphicsScene>
#include <QGraphicsView>

#include <algorithm>
#include <utility>
#include <vector>

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

QRectF seenPart(const QGraphicsScene& scene) {
    const auto views = scene.views();
    if (views.isEmpty())
        return {};
    const QGraphicsView& view = *views.front();
    return view.mapToScene(view.viewport()->rect()).boundingRect();
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
    const QRectF seen = seenPart(canvas_->scene());
    const auto isSeen = [&](QPointF at) {
        return at.x() >= seen.left() && at.x() + size.width() <= seen.right();
    };
    std::vector<QPointF> places{{right, top},
                                {left, top},
                                {right + metrics::kColumnPitch, top},
                                {left - metrics::kColumnPitch, top}};
    std::erase_if(places, [&](QPointF at) { return !canvas_->items().isFree(QRectF(at, size)); });
    // Where nothing of it is cut off, if there is such a place.
    std::ranges::stable_partition(places, isSeen);
    const QPointF at = places.empty() ? QPointF(right, top) : places.front();
    item_->setTail(at.x() < box.x() ? CalloutItem::Tail::Right : CalloutItem::Tail::Left);
    item_->setPos(at);
}

} // namespace gradwright
