// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/lab/loss_surface.h"

#include <QPointF>
#include <QRectF>

class QPainter;

namespace gradwright {

/// From where a relief is looked at, without perspective.
struct ReliefView {
    static constexpr double kLowest = 5, kHighest = 90;
    static constexpr double kFarthest = 0.5, kNearest = 6;

    double azimuth = -30;  ///< degrees by which the surface is turned around its vertical axis
    double elevation = 35; ///< degrees above the horizon; 90: from above, as on a map
    double zoom = 1;

    /// By degrees, within the limits.
    void turn(double right, double up);
    void zoomBy(double factor);
    bool operator==(const ReliefView&) const = default;
};

/// Where the places of a relief lie in an area. Places are shares of the width, the depth and the
/// height of the surface, from 0 to 1.
class ReliefProjection {
public:
    static constexpr double kHeight = 0.55; ///< of the relief, in widths of its ground

    ReliefProjection(const ReliefView& view, const QRectF& area);

    [[nodiscard]] QPointF at(double across, double up, double share) const;
    /// How far from the viewer a place on the ground is.
    [[nodiscard]] double depthOf(double across, double up) const;
    /// The way over the ground toward the viewer, one width long, as shares; and how much a line of
    /// sight rises on it, as a share of the height. It rises without end where one looks from
    /// above.
    [[nodiscard]] QPointF towardViewer() const { return {-sinA_, -cosA_}; }
    [[nodiscard]] double rise() const { return sinE_ / (cosE_ * kHeight); }

private:
    double sinA_, cosA_, sinE_, cosE_;
    double scale_; ///< pixels a width
    QPointF center_;
};

/// Whether the surface lies between a place on it and the viewer.
bool isHidden(const LossSurface& surface, const ReliefView& view, double across, double up);

/// A surface with paths on it as a relief with axes: the farthest parts first, so that nearer ones
/// hide them. What is hidden of a path is a thin line.
void paintRelief(QPainter& painter, const QRectF& area, const LossSurface& surface,
                 const std::vector<SurfacePath>& paths, const ReliefView& view, const Theme& theme,
                 const QString& xName, const QString& yName);

} // namespace gradwright
