// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "ui/canvas/gesture.h"
#include "ui/canvas/snap_guides.h"

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace gradwright {

class CanvasContext;

/// Moves what is selected. One node alone may be put into a link, or be pulled out of its links.
class MoveGesture final : public Gesture {
public:
    /// Nothing when no selected item is at the place.
    static std::unique_ptr<MoveGesture> begin(CanvasContext& canvas, QPointF at);
    ~MoveGesture() override;

    void move(QPointF at, Qt::KeyboardModifiers keys) override;
    void drop(QPointF at) override;
    [[nodiscard]] bool isHolding() const override;

private:
    MoveGesture(CanvasContext& canvas, NodeId grabbed, QPointF start);
    [[nodiscard]] std::vector<NodeId> nodes() const;
    void moveTo(QPointF by);
    [[nodiscard]] QPointF snapped(QPointF by);
    void findTarget();
    void showTarget(std::optional<LinkId> link);

    CanvasContext* canvas_;
    NodeId grabbed_;
    QPointF start_;
    // What is dragged, and where it was.
    std::map<NodeId, Point> nodes_;
    std::map<FrameId, Frame> frames_;
    std::map<NoteId, Note> notes_;
    SnapGuides guides_;
    QPointF by_;
    bool moved_ = false;
    bool pullsOut_ = false;        ///< out of the links that run through it
    std::optional<LinkId> target_; ///< the link that it would be put into
};

} // namespace gradwright
