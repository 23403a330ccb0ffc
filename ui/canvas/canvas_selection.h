// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <QGraphicsScene>

#include <vector>

namespace gradwright {

class CanvasItems;

/// What is selected on the canvas, by id and in the order of ids. A change of several items is told
/// by one signal of the scene.
class CanvasSelection {
public:
    CanvasSelection(QGraphicsScene& scene, const CanvasItems& items)
        : scene_(&scene)
        , items_(&items) {}

    [[nodiscard]] std::vector<NodeId> nodes() const;
    [[nodiscard]] std::vector<LinkId> links() const;
    [[nodiscard]] std::vector<FrameId> frames() const;
    [[nodiscard]] std::vector<NoteId> notes() const;

    /// Selects these nodes and nothing else.
    void select(const std::vector<NodeId>& nodes);
    /// Selects all layers, frames and notes.
    void selectAll();
    /// Selects this item, of whatever kind, and nothing else.
    void selectOnly(QGraphicsItem& item);
    /// Selects the next of all that is on the canvas: layers, links, frames and notes.
    void selectNext(bool backwards);

private:
    QGraphicsScene* scene_;
    const CanvasItems* items_;
};

} // namespace gradwright
