// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRectF>

#include <span>
#include <vector>

class QGraphicsPathItem;

namespace gradwright {

class CanvasContext;

/// Draws the lines along which a box that is moved is in line with another one.
class SnapGuides {
public:
    explicit SnapGuides(CanvasContext& canvas)
        : canvas_(&canvas) {}
    SnapGuides(const SnapGuides&) = delete;
    SnapGuides& operator=(const SnapGuides&) = delete;
    ~SnapGuides() { hide(); }

    struct Shift {
        double x = 0;
        double y = 0;
        bool snapsX = false;
        bool snapsY = false;
    };
    /// How the box has to be shifted to come in line with one of the others, where that is near.
    /// Draws the lines for a box that follows.
    Shift show(const QRectF& box, std::span<const QRectF> others);
    void hide();

private:
    CanvasContext* canvas_;
    QGraphicsPathItem* lines_ = nullptr;
};

} // namespace gradwright
