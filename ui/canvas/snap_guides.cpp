// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/snap_guides.h"

#include "ui/canvas/canvas_context.h"

#include <QGraphicsPathItem>
#include <QPen>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright {

namespace {

constexpr double kReach = 6; // px on the screen
constexpr double kOverhang = 12;

/// The nearest of the lines to one of the three of a box, as a shift; nothing beyond `reach`.
struct Snap {
    double shift = 0;
    double line = 0;
    bool found = false;

    void offer(double own, double other, double reach) {
        const double by = other - own;
        if (std::abs(by) > reach || (found && std::abs(by) >= std::abs(shift)))
            return;
        shift = by;
        line = other;
        found = true;
    }
};

/// Pixels on the screen per unit of the scene.
double zoomOf(const QGraphicsScene& scene) {
    const auto views = scene.views();
    return views.isEmpty() ? 1 : std::max(views.first()->transform().m11(), 0.01);
}

} // namespace

void SnapGuides::hide() {
    delete std::exchange(lines_, nullptr);
}

SnapGuides::Shift SnapGuides::show(const QRectF& box, std::span<const QRectF> others) {
    hide();
    const double reach = kReach / zoomOf(canvas_->scene());
    Snap x;
    Snap y;
    QRectF besideX;
    QRectF besideY;
    for (const QRectF& other : others) {
        const double before = x.shift;
        const double above = y.shift;
        x.offer(box.left(), other.left(), reach);
        x.offer(box.center().x(), other.center().x(), reach);
        x.offer(box.right(), other.right(), reach);
        y.offer(box.top(), other.top(), reach);
        y.offer(box.center().y(), other.center().y(), reach);
        y.offer(box.bottom(), other.bottom(), reach);
        if (x.found && (besideX.isNull() || x.shift != before))
            besideX = other;
        if (y.found && (besideY.isNull() || y.shift != above))
            besideY = other;
    }
    QPainterPath lines;
    const QRectF now = box.translated(x.shift, y.shift);
    if (x.found) {
        lines.moveTo(x.line, std::min(now.top(), besideX.top()) - kOverhang);
        lines.lineTo(x.line, std::max(now.bottom(), besideX.bottom()) + kOverhang);
    }
    if (y.found) {
        lines.moveTo(std::min(now.left(), besideY.left()) - kOverhang, y.line);
        lines.lineTo(std::max(now.right(), besideY.right()) + kOverhang, y.line);
    }
    if (!lines.isEmpty()) {
        QPen pen(canvas_->themes().theme().focus, 1);
        pen.setCosmetic(true);
        lines_ = canvas_->scene().addPath(lines, pen);
        lines_->setZValue(4);
    }
    return {x.shift, y.shift, x.found, y.found};
}

} // namespace gradwright
