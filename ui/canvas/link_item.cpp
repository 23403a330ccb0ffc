// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/link_item.h"

#include "ui/canvas/metrics.h"
#include "ui/theme/theme.h"

#include <QFontMetricsF>
#include <QLineF>
#include <QPainter>
#include <QPainterPathStroker>
#include <QStyleOptionGraphicsItem>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr double kStub = 16;   ///< straight part at a port
constexpr double kMargin = 20; ///< between a link and a node it goes round
constexpr double kCornerRadius = 12;
constexpr double kPillHeight = 17;
constexpr double kPillFont = 10.5;

bool crosses(const QPolygonF& corners, const QRectF& rect) {
    for (qsizetype i = 1; i < corners.size(); ++i) {
        // Segments are vertical or horizontal.
        const QRectF segment = QRectF(corners[i - 1], corners[i]).normalized();
        if (segment.adjusted(-1, -1, 1, 1).intersects(rect))
            return true;
    }
    return false;
}

QRectF unionOfCrossed(const QPolygonF& corners, std::span<const QRectF> obstacles) {
    QRectF all;
    for (const QRectF& rect : obstacles)
        if (crosses(corners, rect))
            all = all.united(rect);
    return all;
}

QPolygonF around(QPointF from, QPointF to, double side) {
    return {from,
            {from.x(), from.y() + kStub},
            {side, from.y() + kStub},
            {side, to.y() - kStub},
            {to.x(), to.y() - kStub},
            to};
}

} // namespace

QPolygonF routeLink(QPointF from, QPointF to, std::span<const QRectF> obstacles) {
    QPolygonF direct;
    if (to.y() >= from.y() + 2 * kStub) {
        if (std::abs(from.x() - to.x()) < 1)
            direct = {from, to};
        else {
            // Just above the target, so that links which part keep a common trunk short.
            const double middle = (from.y() + to.y()) / 2;
            const double turn = to.y() - from.y() > 4 * kStub ? to.y() - kStub : middle;
            direct = {from, {from.x(), turn}, {to.x(), turn}, to};
        }
        const QRectF crossed = unionOfCrossed(direct, obstacles);
        if (crossed.isNull())
            return direct;
        const double left = crossed.left() - kMargin;
        const double right = crossed.right() + kMargin;
        const double middle = (from.x() + to.x()) / 2;
        double side = middle - left <= right - middle ? left : right;
        QPolygonF route = around(from, to, side);
        // What stands beside what is gone round, is gone round too.
        if (const QRectF more = unionOfCrossed(route, obstacles); !more.isNull())
            route = around(from, to,
                           side == left ? std::min(side, more.left() - kMargin)
                                        : std::max(side, more.right() + kMargin));
        return route;
    }
    // Upwards: past the nodes at both ends.
    const double reach = metrics::kNodeWidth / 2 + kMargin;
    const double left = std::min(from.x(), to.x()) - reach;
    const double right = std::max(from.x(), to.x()) + reach;
    const double between = (from.x() + to.x()) / 2;
    const bool apart = std::abs(from.x() - to.x()) > metrics::kNodeWidth + kMargin;
    const double side = apart ? between : (to.x() >= from.x() ? right : left);
    const QPolygonF route = around(from, to, side);
    const QRectF crossed = unionOfCrossed(route, obstacles);
    if (crossed.isNull())
        return route;
    const QPolygonF leftOf = around(from, to, crossed.left() - kMargin);
    const QPolygonF rightOf = around(from, to, crossed.right() + kMargin);
    const bool leftIsFree = unionOfCrossed(leftOf, obstacles).isNull();
    const bool leftIsNearer = side - crossed.left() <= crossed.right() - side;
    const bool rightIsFree = unionOfCrossed(rightOf, obstacles).isNull();
    return leftIsFree && (leftIsNearer || !rightIsFree) ? leftOf : rightOf;
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

LinkItem::LinkItem(LinkId id, const ThemeManager& themes)
    : id_(id)
    , themes_(&themes) {
    setFlag(ItemIsSelectable);
}

void LinkItem::setRoute(const QPolygonF& corners) {
    if (corners == corners_)
        return;
    prepareGeometryChange();
    corners_ = corners;
    path_ = roundedPath(corners, kCornerRadius);
    placePill();
}

void LinkItem::setLook(LinkState state, const QString& text) {
    if (state == state_ && text == text_)
        return;
    prepareGeometryChange();
    state_ = state;
    text_ = text;
    placePill();
    update();
}

void LinkItem::placePill() {
    const double width = QFontMetricsF(fixedFont(kPillFont)).horizontalAdvance(text_) + 12;
    pillUpright_ = false;
    if (corners_.size() == 2) {
        // Beside a straight link, where it covers nothing.
        const QPointF middle = (corners_.first() + corners_.last()) / 2;
        pill_ = QRectF(middle.x() + 12, middle.y() - kPillHeight / 2, width, kPillHeight);
        return;
    }
    QLineF longest;
    for (qsizetype i = 1; i < corners_.size(); ++i)
        if (const QLineF line(corners_[i - 1], corners_[i]); line.length() > longest.length())
            longest = line;
    pillUpright_ = std::abs(longest.dx()) < 1 && longest.length() > width + 2 * kCornerRadius;
    const QSizeF size = pillUpright_ ? QSizeF(kPillHeight, width) : QSizeF(width, kPillHeight);
    pill_ = QRectF(QPointF(), size);
    pill_.moveCenter(longest.center());
}

QRectF LinkItem::boundingRect() const {
    return path_.boundingRect().united(pill_).adjusted(-10, -10, 10, 10);
}

QPainterPath LinkItem::shape() const {
    QPainterPathStroker stroker;
    stroker.setWidth(12);
    QPainterPath path = stroker.createStroke(path_);
    path.addRect(pill_);
    return path;
}

void LinkItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) {
    const Theme& theme = themes_->theme();
    painter->setRenderHint(QPainter::Antialiasing);
    QPen pen(isSelected() ? theme.focus : theme.wire, isSelected() ? 3 : 2);
    pen.setCapStyle(Qt::FlatCap);
    if (state_ == LinkState::Pending)
        pen.setDashPattern({5 / pen.widthF(), 4 / pen.widthF()});
    if (state_ == LinkState::Incompatible) {
        pen.setColor(isSelected() ? theme.focus : theme.error);
        pen.setDashPattern({7 / pen.widthF(), 4 / pen.widthF()});
    }
    painter->setPen(pen);
    painter->setBrush(Qt::NoBrush);
    painter->drawPath(path_);
    if (option->levelOfDetailFromTransform(painter->worldTransform()) < metrics::kDetailZoom)
        return;
    if (!text_.isEmpty())
        paintPill(*painter);
    if (state_ == LinkState::Incompatible) {
        const QPointF center = path_.pointAtPercent(0.75);
        painter->setPen(QPen(theme.error, 1.5));
        painter->setBrush(theme.canvas);
        painter->drawEllipse(center, 8, 8);
        painter->drawLine(center + QPointF(-3, -3), center + QPointF(3, 3));
        painter->drawLine(center + QPointF(-3, 3), center + QPointF(3, -3));
    }
}

void LinkItem::paintPill(QPainter& painter) const {
    const Theme& theme = themes_->theme();
    painter.setPen(QPen(theme.divider, 1));
    painter.setBrush(theme.panel);
    painter.drawRoundedRect(pill_.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    painter.setPen(theme.text2);
    painter.setFont(fixedFont(kPillFont));
    if (!pillUpright_) {
        painter.drawText(pill_, Qt::AlignCenter, text_);
        return;
    }
    painter.save();
    painter.translate(pill_.center());
    painter.rotate(-90);
    painter.drawText(QRectF(-pill_.height() / 2, -pill_.width() / 2, pill_.height(), pill_.width()),
                     Qt::AlignCenter, text_);
    painter.restore();
}

} // namespace gradwright
