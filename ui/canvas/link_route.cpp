// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/link_route.h"

#include "ui/canvas/metrics.h"
#include "ui/canvas/path_search.h"

#include <QLineF>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr double kRouteStub = 16;   ///< straight part at a port
constexpr double kRouteMargin = 20; ///< between a link and a node it goes round
/// Long links keep further away, so that one around another does not lie upon it.
constexpr double kLane = 12;
constexpr double kRanksPerLane = 4;
constexpr double kMostLanes = 6;
constexpr double kCell = 512;
constexpr double kDetour = 400;            ///< how far around its ends a link may lead
constexpr std::size_t kMostObstacles = 40; ///< for a search; with more it would take too long

QRectF unionOfCrossed(const QPolygonF& corners, std::span<const QRectF> obstacles) {
    QRectF all;
    for (const QRectF& rect : obstacles)
        if (crosses(corners, rect))
            all = all.united(rect);
    return all;
}

QPolygonF around(QPointF from, QPointF to, double side) {
    return {from,
            {from.x(), from.y() + kRouteStub},
            {side, from.y() + kRouteStub},
            {side, to.y() - kRouteStub},
            {to.x(), to.y() - kRouteStub},
            to};
}

/// Between a link of that length and a node that it goes round.
double marginOf(double length, double pitch) {
    return kRouteMargin +
           kLane * std::min(std::floor(length / (kRanksPerLane * pitch)), kMostLanes);
}

/// `breadth` is that of a node, `pitch` leads from one node to the next.
QPolygonF routeDown(QPointF from, QPointF to, std::span<const QRectF> obstacles, double breadth,
                    double pitch) {
    QPolygonF direct;
    if (to.y() >= from.y() + 2 * kRouteStub) {
        if (std::abs(from.x() - to.x()) < 1)
            direct = {from, to};
        else {
            // Just above the target, so that links which part keep a common trunk short.
            const double middle = (from.y() + to.y()) / 2;
            const double turn = to.y() - from.y() > 4 * kRouteStub ? to.y() - kRouteStub : middle;
            direct = {from, {from.x(), turn}, {to.x(), turn}, to};
        }
        const QRectF crossed = unionOfCrossed(direct, obstacles);
        if (crossed.isNull())
            return direct;
        const double margin = marginOf(to.y() - from.y(), pitch);
        const double left = crossed.left() - margin;
        const double right = crossed.right() + margin;
        const double middle = (from.x() + to.x()) / 2;
        // At the right where it is all the same: of two inputs the first one is at the left.
        const double side = middle - left < right - middle - 1 ? left : right;
        QPolygonF route = around(from, to, side);
        // What stands beside what is gone round, is gone round too.
        if (const QRectF more = unionOfCrossed(route, obstacles); !more.isNull())
            route = around(from, to,
                           side == left ? std::min(side, more.left() - margin)
                                        : std::max(side, more.right() + margin));
        return route;
    }
    // Upwards: past the nodes at both ends.
    const double reach = breadth / 2 + kRouteMargin;
    const double left = std::min(from.x(), to.x()) - reach;
    const double right = std::max(from.x(), to.x()) + reach;
    const double between = (from.x() + to.x()) / 2;
    const bool apart = std::abs(from.x() - to.x()) > breadth + kRouteMargin;
    const double side = apart ? between : (to.x() >= from.x() ? right : left);
    const QPolygonF route = around(from, to, side);
    const QRectF crossed = unionOfCrossed(route, obstacles);
    if (crossed.isNull())
        return route;
    const QPolygonF leftOf = around(from, to, crossed.left() - kRouteMargin);
    const QPolygonF rightOf = around(from, to, crossed.right() + kRouteMargin);
    const bool leftIsFree = unionOfCrossed(leftOf, obstacles).isNull();
    const bool leftIsNearer = side - crossed.left() <= crossed.right() - side;
    const bool rightIsFree = unionOfCrossed(rightOf, obstacles).isNull();
    return leftIsFree && (leftIsNearer || !rightIsFree) ? leftOf : rightOf;
}

QPointF turned(QPointF point) {
    return point.transposed();
}
QRectF turned(const QRectF& rect) {
    return {turned(rect.topLeft()), rect.size().transposed()};
}
QPolygonF turned(QPolygonF polygon) {
    for (QPointF& point : polygon)
        point = turned(point);
    return polygon;
}

std::uint64_t cellKey(std::int64_t column, std::int64_t row) {
    return (static_cast<std::uint64_t>(column) << 32) ^
           (static_cast<std::uint64_t>(row) & 0xFFFF'FFFFU);
}

std::int64_t cellOf(double value) {
    return static_cast<std::int64_t>(std::floor(value / kCell));
}

template <class F>
void forEachCell(const QRectF& rect, F each) {
    for (auto column = cellOf(rect.left()); column <= cellOf(rect.right()); ++column)
        for (auto row = cellOf(rect.top()); row <= cellOf(rect.bottom()); ++row)
            each(column, row);
}

} // namespace

bool crosses(const QPolygonF& corners, const QRectF& rect) {
    for (qsizetype i = 1; i < corners.size(); ++i) {
        const QPointF a = corners[i - 1];
        const QPointF b = corners[i];
        if (std::max(a.x(), b.x()) + 1 > rect.left() && std::min(a.x(), b.x()) - 1 < rect.right() &&
            std::max(a.y(), b.y()) + 1 > rect.top() && std::min(a.y(), b.y()) - 1 < rect.bottom())
            return true;
    }
    return false;
}

QPolygonF routeLink(QPointF from, QPointF to, std::span<const QRectF> obstacles, Flow flow) {
    if (flow == Flow::Down)
        return routeDown(from, to, obstacles, metrics::kNodeWidth, metrics::kRowPitch);
    std::vector<QRectF> rects;
    for (const QRectF& rect : obstacles)
        rects.push_back(turned(rect));
    return turned(
        routeDown(turned(from), turned(to), rects, metrics::kNodeHeight, metrics::kColumnPitch));
}

QPainterPath roundedPath(const QPolygonF& corners, double radius) {
    QPainterPath path;
    if (corners.isEmpty())
        return path;
    path.moveTo(corners.first());
    for (qsizetype i = 1; i + 1 < corners.size(); ++i) {
        const QLineF in(corners[i], corners[i - 1]);
        const QLineF out(corners[i], corners[i + 1]);
        const double r = std::min({radius, in.length() / 2, out.length() / 2});
        if (r < 0.5) {
            path.lineTo(corners[i]);
            continue;
        }
        path.lineTo(in.pointAt(r / in.length()));
        path.quadTo(corners[i], out.pointAt(r / out.length()));
    }
    path.lineTo(corners.last());
    return path;
}

void ObstacleMap::add(NodeId owner, const QRectF& rect) {
    forEachCell(rect, [&](std::int64_t column, std::int64_t row) {
        cells_[cellKey(column, row)].push_back({owner, rect});
    });
}

void ObstacleMap::remove(NodeId owner, const QRectF& rect) {
    forEachCell(rect, [&](std::int64_t column, std::int64_t row) {
        const auto cell = cells_.find(cellKey(column, row));
        if (cell == cells_.end())
            return;
        std::erase_if(cell->second, [&](const Entry& entry) { return entry.owner == owner; });
        if (cell->second.empty())
            cells_.erase(cell);
    });
}

template <class F>
void ObstacleMap::visit(const QRectF& region, F each) const {
    // Among the cells that an obstacle covers, the first one within the region reports it.
    const auto look = [&](const std::vector<Entry>& entries, std::uint64_t key) {
        for (const Entry& entry : entries)
            if (entry.rect.intersects(region) &&
                key == cellKey(std::max(cellOf(entry.rect.left()), cellOf(region.left())),
                               std::max(cellOf(entry.rect.top()), cellOf(region.top()))))
                each(entry);
    };
    const auto columns = cellOf(region.right()) - cellOf(region.left()) + 1;
    const auto rows = cellOf(region.bottom()) - cellOf(region.top()) + 1;
    if (static_cast<double>(columns) * static_cast<double>(rows) >
        static_cast<double>(cells_.size())) {
        for (const auto& [key, entries] : cells_)
            look(entries, key);
        return;
    }
    forEachCell(region, [&](std::int64_t column, std::int64_t row) {
        const auto key = cellKey(column, row);
        if (const auto cell = cells_.find(key); cell != cells_.end())
            look(cell->second, key);
    });
}

std::vector<QRectF> ObstacleMap::within(const QRectF& region) const {
    std::vector<QRectF> found;
    visit(region, [&](const Entry& entry) { found.push_back(entry.rect); });
    return found;
}

std::vector<QRectF> ObstacleMap::obstaclesIn(const QRectF& region, NodeId source,
                                             NodeId target) const {
    std::vector<QRectF> found;
    visit(region, [&](const Entry& entry) {
        if (entry.owner != source && entry.owner != target)
            found.push_back(entry.rect);
    });
    return found;
}

QRectF ObstacleMap::reachOf(QPointF from, QPointF to) {
    constexpr double kReach = kDetour + 2;
    return QRectF(from, to).normalized().adjusted(-kReach, -kReach, kReach, kReach);
}

QPolygonF ObstacleMap::route(QPointF from, NodeId source, QPointF to, NodeId target,
                             Flow flow) const {
    const QRectF span = QRectF(from, to).normalized().adjusted(-2, -2, 2, 2);
    QPolygonF simple = routeLink(from, to, obstaclesIn(span, source, target), flow);
    const auto meets = [&](const QPolygonF& route) {
        const auto near = obstaclesIn(route.boundingRect().adjusted(-2, -2, 2, 2), source, target);
        return std::ranges::any_of(near, [&](const QRectF& rect) { return crosses(route, rect); });
    };
    if (!meets(simple))
        return simple;
    auto all = within(reachOf(from, to));
    if (all.size() > kMostObstacles)
        return simple;
    if (flow == Flow::Right)
        for (QRectF& rect : all)
            rect = turned(rect);
    const bool down = flow == Flow::Down;
    const QPolygonF found = searchRoute(down ? from : turned(from), down ? to : turned(to), all);
    if (found.isEmpty())
        return simple;
    return down ? found : turned(found);
}

} // namespace gradwright
