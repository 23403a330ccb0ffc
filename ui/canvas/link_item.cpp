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

constexpr double kCornerRadius = 12;
constexpr double kPillHeight = 17;
constexpr double kPillFont = 10.5;

} // namespace

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

void LinkItem::setTarget(bool on) {
    if (on == target_)
        return;
    target_ = on;
    update();
}

void LinkItem::setLook(LinkState state, const QString& text, const QString& toolTip) {
    setToolTip(toolTip);
    if (state == state_ && text == text_)
        return;
    prepareGeometryChange();
    state_ = state;
    text_ = text;
    placePill();
    update();
}

void LinkItem::placePill() {
    static const QFontMetricsF metrics(fixedFont(kPillFont));
    const double width = metrics.horizontalAdvance(text_) + 12;
    pillUpright_ = false;
    if (corners_.size() == 2) {
        // Beside a straight link, where it covers nothing.
        const QPointF middle = (corners_.first() + corners_.last()) / 2;
        pill_ = QRectF(middle.x() + 12, middle.y() - kPillHeight / 2, width, kPillHeight);
    } else {
        placePillOnLongestPart(width);
    }
    bounds_ = path_.boundingRect().united(pill_).adjusted(-10, -10, 10, 10);
}

void LinkItem::placePillOnLongestPart(double width) {
    QLineF longest;
    for (qsizetype i = 1; i < corners_.size(); ++i)
        if (const QLineF line(corners_[i - 1], corners_[i]); line.length() > longest.length())
            longest = line;
    pillUpright_ = std::abs(longest.dx()) < 1 && longest.length() > width + 2 * kCornerRadius;
    const QSizeF size = pillUpright_ ? QSizeF(kPillHeight, width) : QSizeF(width, kPillHeight);
    pill_ = QRectF(QPointF(), size);
    pill_.moveCenter(longest.center());
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
    QPen pen(isSelected() || target_ ? theme.focus : theme.wire, isSelected() ? 3 : 2);
    if (target_)
        pen.setWidthF(4);
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
