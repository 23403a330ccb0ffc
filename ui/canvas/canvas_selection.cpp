// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_selection.h"

#include "ui/canvas/canvas_items.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/note_item.h"

#include <QSignalBlocker>

#include <algorithm>

namespace gradwright {

namespace {

/// The ids of those that are of one kind, in order.
template <class Item>
auto selectedOf(const QGraphicsScene& scene) {
    std::vector<decltype(std::declval<Item>().id())> selected;
    for (QGraphicsItem* const each : scene.selectedItems())
        if (const auto* const item = qgraphicsitem_cast<Item*>(each))
            selected.push_back(item->id());
    std::ranges::sort(selected);
    return selected;
}

} // namespace

std::vector<NodeId> CanvasSelection::nodes() const {
    return selectedOf<NodeItem>(*scene_);
}

std::vector<LinkId> CanvasSelection::links() const {
    return selectedOf<LinkItem>(*scene_);
}

std::vector<FrameId> CanvasSelection::frames() const {
    return selectedOf<FrameItem>(*scene_);
}

std::vector<NoteId> CanvasSelection::notes() const {
    return selectedOf<NoteItem>(*scene_);
}

void CanvasSelection::select(const std::vector<NodeId>& nodes) {
    {
        const QSignalBlocker quiet(scene_);
        scene_->clearSelection();
        for (const NodeId id : nodes)
            if (NodeItem* const item = items_->node(id))
                item->setSelected(true);
    }
    Q_EMIT scene_->selectionChanged();
}

void CanvasSelection::selectAll() {
    {
        const QSignalBlocker quiet(scene_);
        for (const auto& [id, item] : items_->nodes())
            item->setSelected(true);
        for (const auto& [id, item] : items_->frames())
            item->setSelected(true);
        for (const auto& [id, item] : items_->notes())
            item->setSelected(true);
    }
    Q_EMIT scene_->selectionChanged();
}

void CanvasSelection::selectNext(bool backwards) {
    const std::vector<QGraphicsItem*> all = items_->readingOrder();
    if (all.empty())
        return;
    const auto current =
        std::ranges::find_if(all, [](const QGraphicsItem* item) { return item->isSelected(); });
    std::size_t next = backwards ? all.size() - 1 : 0;
    if (current != all.end()) {
        const auto at = static_cast<std::size_t>(current - all.begin());
        next = (at + (backwards ? all.size() - 1 : 1)) % all.size();
    }
    selectOnly(*all[next]);
}

void CanvasSelection::selectOnly(QGraphicsItem& item) {
    {
        const QSignalBlocker quiet(scene_);
        scene_->clearSelection();
        item.setSelected(true);
    }
    Q_EMIT scene_->selectionChanged();
}

} // namespace gradwright
