// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/frame_item.h"

#include "ui/canvas/resize_corner.h"
#include "ui/theme/text.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPathStroker>
#include <QStyleOptionGraphicsItem>

#include <algorithm>

namespace gradwright {

namespace {

constexpr double kFrameRadius = 10;
constexpr double kTitleHeight = 24;
constexpr double kTitlePadding = 12;
constexpr double kEdge = 10;        // px in which the edge is hit
constexpr double kBehindLinks = -2; // z: behind links

} // namespace

FrameItem::FrameItem(FrameId id, const ThemeManager& themes)
    : id_(id)
    , themes_(&themes) {
    setZValue(kBehindLinks);
    setFlag(ItemIsSelectable);
}

void FrameItem::setFrame(const Frame& frame) {
    prepareGeometryChange();
    title_ = qstr(frame.title);
    size_ = {frame.width, frame.height};
    setPos(frame.position.x, frame.position.y);
    update();
}

QRectF FrameItem::titleRect() const {
    const QFontMetricsF metrics(textFont(type::kCaption, QFont::DemiBold));
    const double width = std::clamp(metrics.horizontalAdvance(title_) + 2 * kTitlePadding, 48.0,
                                    std::max(48.0, size_.width()));
    return {size_.width() - width, 0, width, kTitleHeight};
}

QRectF FrameItem::handleRect() const {
    return resizeCorner::rectOf(size_);
}

QRectF FrameItem::boundingRect() const {
    return QRectF(QPointF(), size_).adjusted(-kEdge, -kEdge, kEdge, kEdge);
}

QPainterPath FrameItem::shape() const {
    QPainterPath edge;
    edge.addRoundedRect(QRectF(QPointF(), size_), kFrameRadius, kFrameRadius);
    QPainterPathStroker stroker;
    stroker.setWidth(kEdge);
    QPainterPath taken = stroker.createStroke(edge);
    taken.addRect(titleRect());
    taken.addRect(handleRect());
    taken.setFillRule(Qt::WindingFill);
    return taken;
}

void FrameItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*) {
    const Theme& theme = themes_->theme();
    painter->setRenderHint(QPainter::Antialiasing);
    QColor fill = theme.panel;
    fill.setAlphaF(0.35F);
    painter->setBrush(fill);
    painter->setPen(isSelected() ? QPen(theme.focus, 2) : QPen(theme.divider, 1));
    painter->drawRoundedRect(QRectF(QPointF(), size_).adjusted(0.5, 0.5, -0.5, -0.5), kFrameRadius,
                             kFrameRadius);
    const QFont font = textFont(type::kCaption, QFont::DemiBold);
    painter->setFont(font);
    painter->setPen(theme.text3);
    const QRectF box = titleRect().adjusted(kTitlePadding, 0, -kTitlePadding, 0);
    painter->drawText(box, Qt::AlignRight | Qt::AlignVCenter,
                      QFontMetricsF(font).elidedText(title_, Qt::ElideRight, box.width()));
    if (isSelected())
        resizeCorner::paint(*painter, theme, size_);
}

} // namespace gradwright
