// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/path_search.h"

#include <queue>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace gradwright {

namespace {

constexpr double kPathStub = 16;
constexpr double kDetourMargin = 20;
constexpr double kClearance = 6;
constexpr double kCornerCost = 60; ///< px of detour that a corner is worth

/// Lines beside the obstacles, on which a link may run.
std::vector<double> sortedLines(std::vector<double> lines) {
    std::ranges::sort(lines);
    const auto close = [](double a, double b) { return b - a < 1; };
    lines.erase(std::unique(lines.begin(), lines.end(), close), lines.end());
    return lines;
}

std::size_t indexOf(const std::vector<double>& lines, double value) {
    const auto found =
        std::ranges::min_element(lines, {}, [&](double line) { return std::abs(line - value); });
    return static_cast<std::size_t>(found - lines.begin());
}

class Search {
public:
    Search(QPointF from, QPointF to, std::span<const QRectF> obstacles)
        : from_(from)
        , to_(to)
        , start_(from.x(), from.y() + kPathStub)
        , end_(to.x(), to.y() - kPathStub) {
        std::vector<double> xs = {start_.x(), end_.x()};
        std::vector<double> ys = {start_.y(), end_.y()};
        for (const QRectF& rect : obstacles) {
            obstacles_.push_back(rect.adjusted(-kClearance, -kClearance, kClearance, kClearance));
            xs.push_back(rect.left() - kDetourMargin);
            xs.push_back(rect.right() + kDetourMargin);
            ys.push_back(rect.top() - kPathStub);
            ys.push_back(rect.bottom() + kPathStub);
        }
        xs_ = sortedLines(std::move(xs));
        ys_ = sortedLines(std::move(ys));
        // The ends' own lines have to be exact.
        xs_[indexOf(xs_, end_.x())] = end_.x();
        xs_[indexOf(xs_, start_.x())] = start_.x();
        ys_[indexOf(ys_, end_.y())] = end_.y();
        ys_[indexOf(ys_, start_.y())] = start_.y();
    }

    QPolygonF run() {
        const std::size_t states = xs_.size() * ys_.size() * 2;
        cost_.assign(states, std::numeric_limits<double>::infinity());
        before_.assign(states, states);
        const std::size_t start = state(indexOf(xs_, start_.x()), indexOf(ys_, start_.y()), true);
        const std::size_t goal = state(indexOf(xs_, end_.x()), indexOf(ys_, end_.y()), true);
        cost_[start] = 0;
        open_.push({0, start});
        while (!open_.empty()) {
            const auto [unused, current] = open_.top();
            open_.pop();
            if (current == goal)
                return traced(goal, start);
            if (done(current))
                continue;
            expand(current);
        }
        return {};
    }

private:
    using Entry = std::pair<double, std::size_t>;

    [[nodiscard]] std::size_t state(std::size_t x, std::size_t y, bool vertical) const {
        return (y * xs_.size() + x) * 2 + (vertical ? 1 : 0);
    }
    [[nodiscard]] QPointF pointOf(std::size_t state) const {
        const std::size_t cell = state / 2;
        return {xs_[cell % xs_.size()], ys_[cell / xs_.size()]};
    }
    bool done(std::size_t state) {
        closed_.resize(cost_.size());
        const bool was = closed_[state];
        closed_[state] = true;
        return was;
    }

    void expand(std::size_t current) {
        const std::size_t cell = current / 2;
        const std::size_t x = cell % xs_.size();
        const std::size_t y = cell / xs_.size();
        const bool vertical = current % 2 == 1;
        reach(current, state(x, y, !vertical), kCornerCost);
        if (vertical) {
            if (y > 0)
                step(current, state(x, y - 1, true));
            if (y + 1 < ys_.size())
                step(current, state(x, y + 1, true));
        } else {
            if (x > 0)
                step(current, state(x - 1, y, false));
            if (x + 1 < xs_.size())
                step(current, state(x + 1, y, false));
        }
    }

    void step(std::size_t current, std::size_t next) {
        const QPointF a = pointOf(current);
        const QPointF b = pointOf(next);
        const double left = std::min(a.x(), b.x());
        const double right = std::max(a.x(), b.x());
        const double top = std::min(a.y(), b.y());
        const double bottom = std::max(a.y(), b.y());
        for (const QRectF& rect : obstacles_)
            if (right > rect.left() && left < rect.right() && bottom > rect.top() &&
                top < rect.bottom())
                return;
        reach(current, next, right - left + bottom - top);
    }

    void reach(std::size_t current, std::size_t next, double length) {
        const double cost = cost_[current] + length;
        if (cost >= cost_[next])
            return;
        cost_[next] = cost;
        before_[next] = current;
        const QPointF rest = end_ - pointOf(next);
        open_.push({cost + std::abs(rest.x()) + std::abs(rest.y()), next});
    }

    [[nodiscard]] QPolygonF traced(std::size_t goal, std::size_t start) const {
        QPolygonF points = {to_};
        for (std::size_t at = goal; at != start; at = before_[at])
            points.append(pointOf(at));
        points.append(start_);
        points.append(from_);
        std::ranges::reverse(points);
        // Corners alone.
        QPolygonF corners;
        for (const QPointF& point : points) {
            if (!corners.isEmpty() && point == corners.last())
                continue;
            if (corners.size() > 1) {
                const QPointF a = corners[corners.size() - 2];
                const QPointF b = corners.last();
                const bool straight = (a.x() == b.x() && b.x() == point.x()) ||
                                      (a.y() == b.y() && b.y() == point.y());
                if (straight)
                    corners.removeLast();
            }
            corners.append(point);
        }
        return corners;
    }

    QPointF from_;
    QPointF to_;
    QPointF start_;
    QPointF end_;
    std::vector<QRectF> obstacles_;
    std::vector<double> xs_;
    std::vector<double> ys_;
    std::vector<double> cost_;
    std::vector<std::size_t> before_;
    std::vector<bool> closed_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open_;
};

} // namespace

QPolygonF searchRoute(QPointF from, QPointF to, std::span<const QRectF> obstacles) {
    return Search(from, to, obstacles).run();
}

} // namespace gradwright
