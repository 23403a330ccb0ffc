// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/callout_item.h"

#include "ui/theme/icon_engine.h"
#include "ui/theme/text.h"

#include <QFontMetricsF>
#include <QGraphicsSceneHoverEvent>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

#include <algorithm>

namespace gradwright {

namespace {

constexpr double kWidth = 244;
constexpr double kCalloutPadding = 12;
constexpr double kCalloutTextLeft = 36;
constexpr double kButtonHeight = 26;
constexpr double kTail = 8;

} // namespace

CalloutItem::CalloutItem(Diagnostic diagnostic, const ThemeManager& themes)
    : diagnostic_(std::move(diagnostic))
    , themes_(&themes)
    , text_(qstr(diagnostic_.message)) {
    setZValue(3);
    setAcceptHoverEvents(true);
    const QFontMetricsF metrics(textFont(type::kDense));
    const double textWidth = kWidth - kCalloutTextLeft - kCalloutPadding;
    const double textHeight =
        metrics.boundingRect(QRectF(0, 0, textWidth, 1000), Qt::TextWordWrap, text_).height();
    double height = kCalloutPadding + textHeight + kCalloutPadding;
    if (!diagnostic_.fixes.empty()) {
        button_ = metrics.elidedText(qstr(diagnostic_.fixes.front().title), Qt::ElideRight,
                                     textWidth - 24);
        buttonRect_ = QRectF(kCalloutTextLeft, kCalloutPadding + textHeight + 8,
                             metrics.horizontalAdvance(button_) + 24, kButtonHeight);
        height = buttonRect_.bottom() + kCalloutPadding;
    }
    size_ = {kWidth, height};
}

void CalloutItem::setTail(Tail tail) {
    tail_ = tail;
    update();
}

QRectF CalloutItem::buttonRect() const {
    return buttonRect_.isNull() ? QRectF() : mapRectToScene(buttonRect_);
}

QRectF CalloutItem::boundingRect() const {
    return QRectF(QPointF(), size_).adjusted(-kTail - 1, -1, kTail + 1, 1);
}

void CalloutItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*) {
    const Theme& theme = themes_->theme();
    const QColor& line = theme.severity(diagnostic_.severity);
    painter->setRenderHint(QPainter::Antialiasing);
    QPainterPath box;
    box.addRoundedRect(QRectF(QPointF(), size_).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
    // The tail points at the node, at the height of its title.
    QPainterPath tail;
    const double edge = tail_ == Tail::Left ? 1 : size_.width() - 1;
    const double tip = tail_ == Tail::Left ? -kTail : size_.width() + kTail;
    tail.addPolygon(QPolygonF{{edge, 18}, {tip, 26}, {edge, 34}});
    painter->setPen(QPen(line, 1));
    painter->setBrush(theme.severityTint(diagnostic_.severity));
    painter->drawPath(box.united(tail));
    drawIcon(*painter, QRectF(kCalloutPadding, kCalloutPadding, 16, 16),
             iconOf(diagnostic_.severity), line);
    painter->setFont(textFont(type::kDense));
    painter->setPen(theme.text);
    painter->drawText(QRectF(kCalloutTextLeft, kCalloutPadding,
                             size_.width() - kCalloutTextLeft - kCalloutPadding, size_.height()),
                      Qt::TextWordWrap, text_);
    if (buttonRect_.isNull())
        return;
    painter->setPen(QPen(theme.border, 1));
    painter->setBrush(hovered_ ? theme.hover : theme.raised);
    painter->drawRoundedRect(buttonRect_.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    painter->setPen(theme.text);
    painter->drawText(buttonRect_, Qt::AlignCenter, button_);
}

void CalloutItem::hoverMoveEvent(QGraphicsSceneHoverEvent* event) {
    hovered_ = buttonRect_.contains(event->pos());
    setCursor(hovered_ ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void CalloutItem::hoverLeaveEvent(QGraphicsSceneHoverEvent*) {
    hovered_ = false;
    update();
}

} // namespace gradwright
