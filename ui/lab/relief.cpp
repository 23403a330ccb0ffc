// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/relief.h"

#include "ui/plots/heat_colors.h"
#include "ui/theme/theme.h"

#include <QCoreApplication>
#include <QPainter>
#include <QPainterPath>
#include <QPolygonF>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace gradwright {
namespace {

constexpr int kMostCells = 72; ///< to each side; finer surfaces are drawn with every so manieth row
constexpr int kPathSteps = 24; ///< pieces between two points of a path, each hidden or not
constexpr int kLabelRoom = 54; ///< below the relief

double radians(double degrees) {
    return degrees * std::numbers::pi / 180;
}

/// One drawing of a relief.
class ReliefPainting {
public:
    ReliefPainting(QPainter& painter, const QRectF& area, const LossSurface& surface,
                   const ReliefView& view, const Theme& theme)
        : painter_(painter)
        , area_(area)
        , surface_(surface)
        , view_(view)
        , theme_(theme)
        , projection_(view, area) {}

    void paintFloor() const {
        QPolygonF floor;
        for (const auto& [x, y] : kCorners)
            floor << projection_.at(x, y, 0);
        painter_.setBrush(Qt::NoBrush);
        painter_.setPen(QPen(theme_.grid, 1));
        painter_.drawPolygon(floor);
        const auto toward = projection_.towardViewer();
        for (const auto& [x, y] : kCorners) { // the two walls behind the surface
            const bool isFarAcross = (toward.x() < 0) == (x > 0.5);
            const bool isFarUp = (toward.y() < 0) == (y > 0.5);
            if (!isFarAcross && !isFarUp)
                continue;
            painter_.drawLine(projection_.at(x, y, 0), projection_.at(x, y, 1));
            if (isFarAcross)
                painter_.drawLine(projection_.at(x, 0, 1), projection_.at(x, 1, 1));
            if (isFarUp)
                painter_.drawLine(projection_.at(0, y, 1), projection_.at(1, y, 1));
        }
    }

    void paintSurface() const {
        const int columns = cellsOf(surface_.columns());
        const int rows = cellsOf(surface_.rows());
        const auto toward = projection_.towardViewer();
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < columns; ++j) {
                const int row = toward.y() < 0 ? rows - 1 - i : i;
                const int column = toward.x() < 0 ? columns - 1 - j : j;
                paintCell(column, row, columns, rows);
            }
    }

    void paintPath(const SurfacePath& path, std::size_t number) const {
        struct Piece {
            QPointF from, to;
            bool isHidden;
        };
        std::vector<Piece> pieces;
        for (std::size_t i = 0; i + 1 < path.points.size(); ++i)
            for (int k = 0; k < kPathSteps; ++k) {
                const auto from = placeBetween(path, i, static_cast<double>(k) / kPathSteps);
                const auto to = placeBetween(path, i, static_cast<double>(k + 1) / kPathSteps);
                const auto middle = (from + to) / 2;
                if (const auto a = onSurface(from), b = onSurface(to); a && b)
                    pieces.push_back({*a, *b, isHidden(surface_, view_, middle.x(), middle.y())});
            }
        const auto color = pathColor(theme_, number);
        const auto draw = [&](bool hidden, const QPen& pen) {
            QPainterPath line;
            QPointF end;
            for (const auto& piece : pieces) {
                if (piece.isHidden != hidden)
                    continue;
                if (line.isEmpty() || end != piece.from)
                    line.moveTo(piece.from);
                line.lineTo(piece.to);
                end = piece.to;
            }
            painter_.setBrush(Qt::NoBrush);
            painter_.setPen(pen);
            painter_.drawPath(line);
        };
        auto faint = color;
        faint.setAlpha(110);
        draw(true, QPen(faint, 1, Qt::DotLine));
        draw(false, QPen(QColor(0, 0, 0, 150), 4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        draw(false, QPen(color, 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter_.setPen(QPen(Qt::black, 1));
        painter_.setBrush(color);
        constexpr double kApart = 9; // of points, so that many do not hide the line
        std::optional<QPointF> last;
        for (const auto& point : path.points) {
            const auto place = placeOf(point);
            const bool isEnd = &point == &path.points.back();
            const auto at = onSurface(place);
            if (!at || isHidden(surface_, view_, place.x(), place.y()))
                continue;
            if (!isEnd && last && std::hypot(at->x() - last->x(), at->y() - last->y()) < kApart)
                continue;
            painter_.drawEllipse(*at, isEnd ? 5 : 2.5, isEnd ? 5 : 2.5);
            last = at;
        }
    }

    void paintAxes(const QString& xName, const QString& yName) const {
        const auto toward = projection_.towardViewer();
        // Along the two edges in front.
        const double nearUp = toward.y() < 0 ? 0 : 1;
        const double nearAcross = toward.x() < 0 ? 0 : 1;
        painter_.setPen(theme_.axis);
        const auto edge = [&](QPointF first, QPointF last, double low, double high,
                              const QString& text) {
            const auto out = outward((first + last) / 2);
            for (const double share : {0.0, 0.5, 1.0})
                tick(first + share * (last - first) + 15 * out,
                     placeText(low + share * (high - low)));
            name((first + last) / 2 + 34 * out, text);
        };
        edge(projection_.at(0, nearUp, 0), projection_.at(1, nearUp, 0), surface_.left(),
             surface_.right(), xName);
        edge(projection_.at(nearAcross, 0, 0), projection_.at(nearAcross, 1, 0), surface_.bottom(),
             surface_.top(), yName);
        paintHeightAxis();
    }

private:
    static constexpr std::array<std::pair<double, double>, 4> kCorners{
        {{0, 0}, {1, 0}, {1, 1}, {0, 1}}};

    struct Corner {
        double across, up, share;
    };

    static int cellsOf(std::size_t places) {
        return std::min(static_cast<int>(places) - 1, kMostCells);
    }

    /// Loss at the corner that lies farthest to the left, which the surface never covers.
    void paintHeightAxis() const {
        auto left = kCorners.front();
        for (const auto& corner : kCorners)
            if (projection_.at(corner.first, corner.second, 0).x() <
                projection_.at(left.first, left.second, 0).x())
                left = corner;
        const auto foot = projection_.at(left.first, left.second, 0);
        const auto head = projection_.at(left.first, left.second, 1);
        if (foot.y() - head.y() < 40)
            return; // from above there is no height to be seen
        painter_.drawLine(foot, head);
        for (const double share : {0.0, 0.5, 1.0}) {
            const auto at = projection_.at(left.first, left.second, share);
            painter_.drawLine(at, at - QPointF(4, 0));
            painter_.drawText(QRectF(at.x() - 66, at.y() - 8, 58, 16),
                              Qt::AlignRight | Qt::AlignVCenter, lossText(surface_.lossAt(share)));
        }
        painter_.drawText(QRectF(head.x() - 40, head.y() - 24, 80, 16), Qt::AlignCenter,
                          QCoreApplication::translate("Relief", "loss"));
    }

    [[nodiscard]] QPointF placeOf(const SurfacePoint& point) const {
        return {surface_.acrossOf(point.x), surface_.upOf(point.y)};
    }
    [[nodiscard]] QPointF placeBetween(const SurfacePath& path, std::size_t first,
                                       double share) const {
        return placeOf(path.points[first]) * (1 - share) + placeOf(path.points[first + 1]) * share;
    }
    /// Nothing beside the surface, and where it has not been measured.
    [[nodiscard]] std::optional<QPointF> onSurface(QPointF place) const {
        if (place.x() < 0 || place.x() > 1 || place.y() < 0 || place.y() > 1)
            return {};
        const auto share = surface_.shareWithin(place.x(), place.y());
        return share ? std::optional(projection_.at(place.x(), place.y(), *share)) : std::nullopt;
    }

    /// As two triangles, the farther one first.
    void paintCell(int column, int row, int columns, int rows) const {
        const auto corner = [&](int right, int above) -> std::optional<Corner> {
            const double across = static_cast<double>(column + right) / columns;
            const double up = static_cast<double>(row + above) / rows;
            const auto share = surface_.shareWithin(across, up);
            return share ? std::optional(Corner{across, up, *share}) : std::nullopt;
        };
        const auto a = corner(0, 0), b = corner(1, 0), c = corner(1, 1), d = corner(0, 1);
        const auto paint = [&](const Corner& p, const Corner& q, const Corner& r) {
            // By how it slopes: light comes from the left, from above the viewer.
            const auto color = lit(heatColor((p.share + q.share + r.share) / 3), slope(p, q, r));
            QPolygonF shape;
            for (const auto& each : {p, q, r})
                shape << projection_.at(each.across, each.up, each.share);
            painter_.setPen(QPen(color, 0.7)); // closes the seams
            painter_.setBrush(color);
            painter_.drawPolygon(shape);
        };
        const bool lowerIsFarther = projection_.depthOf(1, 0) > projection_.depthOf(0, 1);
        for (const bool lower : {lowerIsFarther, !lowerIsFarther}) {
            if (lower && a && b && c)
                paint(*a, *b, *c);
            if (!lower && a && c && d)
                paint(*a, *c, *d);
        }
        if (columns <= 40 && a && b && c && d)
            paintMesh({projection_.at(a->across, a->up, a->share),
                       projection_.at(b->across, b->up, b->share),
                       projection_.at(c->across, c->up, c->share),
                       projection_.at(d->across, d->up, d->share)});
    }

    void paintMesh(const QList<QPointF>& corners) const {
        painter_.setBrush(Qt::NoBrush);
        painter_.setPen(QPen(QColor(0, 0, 0, 46), 0.7));
        painter_.drawPolygon(QPolygonF(corners));
    }

    /// How the height of the plane through three corners changes across and up.
    static QPointF slope(const Corner& p, const Corner& q, const Corner& r) {
        const double qx = q.across - p.across, qy = q.up - p.up, qz = q.share - p.share;
        const double rx = r.across - p.across, ry = r.up - p.up, rz = r.share - p.share;
        const double area = qx * ry - qy * rx;
        return {(qz * ry - rz * qy) / area, (qx * rz - rx * qz) / area};
    }

    [[nodiscard]] QColor lit(const QColor& color, QPointF slope) const {
        const double nx = -slope.x() * ReliefProjection::kHeight;
        const double ny = -slope.y() * ReliefProjection::kHeight;
        const double length = std::sqrt(nx * nx + ny * ny + 1);
        const auto toward = projection_.towardViewer();
        // To the left of the viewer.
        const double lightX = 0.35 * toward.x() + 0.45 * toward.y();
        const double lightY = 0.35 * toward.y() - 0.45 * toward.x();
        const double light = std::max(0.0, (nx * lightX + ny * lightY + 0.82) / length);
        const int percent = static_cast<int>(std::lround(68 + 42 * std::min(light, 1.0)));
        return color.lighter(percent);
    }

    void tick(QPointF at, const QString& text) const {
        painter_.drawText(QRectF(at - QPointF(30, 8), QSizeF(60, 16)), Qt::AlignCenter, text);
    }
    void name(QPointF at, const QString& text) const {
        const double room = area_.width() / 2 - 8;
        const auto shown =
            painter_.fontMetrics().elidedText(text, Qt::ElideRight, static_cast<int>(room));
        const double wide = painter_.fontMetrics().horizontalAdvance(shown) + 4;
        QRectF label(at - QPointF(wide / 2, 8), QSizeF(wide, 16));
        label.moveLeft(
            std::clamp(label.left(), area_.left(), std::max(area_.left(), area_.right() - wide)));
        label.moveTop(std::min(label.top(), area_.bottom() - 16));
        painter_.drawText(label, Qt::AlignCenter, shown);
    }
    /// From the middle of the floor over that of an edge in front, where nothing is drawn.
    [[nodiscard]] QPointF outward(QPointF edge) const {
        const auto off = edge - projection_.at(0.5, 0.5, 0);
        const double length = std::max(1.0, std::hypot(off.x(), off.y()));
        return {off.x() / length, std::max(0.6, off.y() / length)};
    }

    QPainter& painter_;
    QRectF area_;
    const LossSurface& surface_;
    const ReliefView& view_;
    const Theme& theme_;
    ReliefProjection projection_;
};

} // namespace

void ReliefView::turn(double right, double up) {
    azimuth = std::remainder(azimuth + right, 360);
    elevation = std::clamp(elevation + up, kLowest, kHighest);
}

void ReliefView::zoomBy(double factor) {
    zoom = std::clamp(zoom * factor, kFarthest, kNearest);
}

ReliefProjection::ReliefProjection(const ReliefView& view, const QRectF& area)
    : sinA_(std::sin(radians(view.azimuth)))
    , cosA_(std::cos(radians(view.azimuth)))
    , sinE_(std::sin(radians(view.elevation)))
    , cosE_(std::cos(radians(view.elevation)))
    , scale_(std::max(1.0, std::min((area.width() - 60) / std::numbers::sqrt2,
                                    (area.height() - kLabelRoom) / 1.35)) *
             view.zoom)
    , center_(area.center().x() + 12, area.top() + (area.height() - kLabelRoom) / 2 + 6) {}

QPointF ReliefProjection::at(double across, double up, double share) const {
    const double x = across - 0.5, y = up - 0.5, z = (share - 0.5) * kHeight;
    const double away = x * sinA_ + y * cosA_;
    return center_ + QPointF(x * cosA_ - y * sinA_, -(away * sinE_ + z * cosE_)) * scale_;
}

double ReliefProjection::depthOf(double across, double up) const {
    return (across - 0.5) * sinA_ + (up - 0.5) * cosA_;
}

bool isHidden(const LossSurface& surface, const ReliefView& view, double across, double up) {
    const auto share = surface.shareWithin(across, up);
    if (!share || view.elevation > 89.5)
        return false;
    const ReliefProjection projection(view, {});
    const auto toward = projection.towardViewer();
    const double cells = static_cast<double>(std::max(surface.columns(), surface.rows()) - 1);
    const double step = 0.5 / cells;
    constexpr double kLift = 0.01; // what lies on the surface is not hidden by its own rounding
    for (double gone = step;; gone += step) {
        const double x = across + gone * toward.x(), y = up + gone * toward.y();
        const double sight = *share + kLift + gone * projection.rise();
        if (x < 0 || x > 1 || y < 0 || y > 1 || sight > 1)
            return false;
        if (const auto there = surface.shareWithin(x, y); there && *there > sight)
            return true;
    }
}

void paintRelief(QPainter& painter, const QRectF& area, const LossSurface& surface,
                 const std::vector<SurfacePath>& paths, const ReliefView& view, const Theme& theme,
                 const QString& xName, const QString& yName) {
    painter.save();
    painter.setClipRect(area, Qt::IntersectClip);
    painter.setRenderHint(QPainter::Antialiasing);
    const ReliefPainting painting(painter, area, surface, view, theme);
    painting.paintFloor();
    painting.paintSurface();
    for (std::size_t i = 0; i < paths.size(); ++i)
        painting.paintPath(paths[i], i);
    painting.paintAxes(xName, yName);
    painter.restore();
}

} // namespace gradwright
