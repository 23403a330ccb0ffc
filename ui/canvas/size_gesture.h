// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "ui/canvas/gesture.h"

#include <memory>
#include <variant>

namespace gradwright {

class CanvasContext;

/// Changes the size of a frame or a note by its corner.
class SizeGesture final : public Gesture {
public:
    /// Nothing when there is no such corner at the place.
    static std::unique_ptr<SizeGesture> begin(CanvasContext& canvas, QPointF at);

    void move(QPointF at, Qt::KeyboardModifiers keys) override;
    void drop(QPointF) override {}
    [[nodiscard]] bool isHolding() const override;

private:
    using Box = std::variant<std::pair<FrameId, Frame>, std::pair<NoteId, Note>>;
    SizeGesture(CanvasContext& canvas, QPointF start, Box before);

    CanvasContext* canvas_;
    QPointF start_;
    Box before_;
};

} // namespace gradwright
