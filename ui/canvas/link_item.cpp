// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/link_item.h"

#include "ui/canvas/metrics.h"
#include "ui/canvas/node_looks.h"
#include "ui/theme/theme.h"

#include <QFontMetricsF>
#include <QLineF>
#include <QPainter>
#include <QPainterPathStroker>
#include <QStyleOptionGraphicsItem>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace gradwright {

namespace {

constexpr double kCornerRadius = 12;
constexpr double kPillHeight = 17;
constexpr double kPillFont = 10.5;
constexpr double kPillRoom = 180; // a shape of more characters is cut
constexpr double kUsualPill = 110;
constexpr std::array kPillPlaces = {0.5, 0.35, 0.65, 0.2, 0.8}; // along a link's longest part

constexpr double kPillLevel = 0.5; // above links, beneath nodes

} // namespace

LinkItem::LinkItem(LinkId id, const NodeLooks& looks, const ThemeManager& themes)
    : id_(id)
    , looks_(&looks)
    , themes_(&themes) {
    setFlag(ItemIsSelectable);
}

const LinkLook& LinkItem::look() const {
    return look_.get(*looks_, [this] { return looks_->link(id_); });
}

void LinkItem::setRoute(const QPolygonF& corners) {
    if (corners == corners_)
        return;
    prepareGeometryChange();
    if (labelled_ != nullptr)
        labelled_->follow();
    corners_ = corners;
    path_ = roundedPath(corners, kCornerRadius);
    setBounds();
}

void LinkItem::setBounds() {
    bounds_ = path_.boundingRect().united(pillOf(kPillRoom).rect).adjusted(-10, -10, 10, 10);
}

void LinkItem::placePill(std::vector<QRectF>& taken) {
    const double before = along_;
    const auto isFree = [&](double along) {
        along_ = along;
        const QRectF rect = pillOf(kUsualPill).rect;
        return std::ranges::none_of(taken, [&](const QRectF& r) { return r.intersects(rect); });
    };
    if (isStraight() || std::ranges::none_of(kPillPlaces, isFree))
        along_ = kPillPlaces.front();
    taken.push_back(pillOf(kUsualPill).rect);
    if (along_ == before)
        return;
    const double chosen = std::exchange(along_, before);
    prepareGeometryChange();
    if (labelled_ != nullptr)
        labelled_->follow();
    along_ = chosen;
    setBounds();
    update();
}

void LinkItem::setTarget(bool on) {
    if (on == target_)
        return;
    target_ = on;
    update();
}

/// A pill of that width: beside a straight link, where it covers nothing, or on the longest part.
LinkItem::Pill LinkItem::pillOf(double width) const {
    if (corners_.size() == 2) {
        const QPointF middle = (corners_.first() + corners_.last()) / 2;
        return {QRectF(middle.x() + 12, middle.y() - kPillHeight / 2, width, kPillHeight)};
    }
    QLineF longest;
    for (qsizetype i = 1; i < corners_.size(); ++i)
        if (const QLineF line(corners_[i - 1], corners_[i]); line.length() > longest.length())
            longest = line;
    Pill pill;
    pill.upright = std::abs(longest.dx()) < 1 && longest.length() > width + 2 * kCornerRadius;
    pill.rect.setSize(pill.upright ? QSizeF(kPillHeight, width) : QSizeF(width, kPillHeight));
    pill.rect.moveCenter(longest.pointAt(along_));
    return pill;
}

LinkItem::Pill LinkItem::pill() const {
    const double width = QFontMetricsF(fixedFont(kPillFont)).horizontalAdvance(look().text) + 12;
    return pillOf(std::min(width, kPillRoom));
}

QPainterPath LinkItem::shape() const {
    QPainterPathStroker stroker;
    stroker.setWidth(12);
    QPainterPath path = stroker.createStroke(path_);
    path.addRect(pill().rect);
    return path;
}

void LinkItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) {
    const Theme& theme = themes_->theme();
    painter->setRenderHint(QPainter::Antialiasing);
    const QColor& plain = look().color.isValid() ? look().color : theme.wire;
    QPen pen(isSelected() || target_ ? theme.focus : plain, isSelected() ? 3 : 2);
    if (look().color.isValid())
        pen.setWidthF(4);
    if (target_)
        pen.setWidthF(4);
    pen.setCapStyle(Qt::FlatCap);
    if (look().state == LinkState::Pending)
        pen.setDashPattern({5 / pen.widthF(), 4 / pen.widthF()});
    if (look().state == LinkState::Incompatible) {
        pen.setColor(isSelected() ? theme.focus : theme.error);
        pen.setDashPattern({7 / pen.widthF(), 4 / pen.widthF()});
    }
    painter->setPen(pen);
    painter->setBrush(Qt::NoBrush);
    painter->drawPath(path_);
    if (option->levelOfDetailFromTransform(painter->worldTransform()) < metrics::kDetailZoom)
        return;
    if (look().state == LinkState::Incompatible) {
        const QPointF center = path_.pointAtPercent(0.75);
        painter->setPen(QPen(theme.error, 1.5));
        painter->setBrush(theme.canvas);
        painter->drawEllipse(center, 8, 8);
        painter->drawLine(center + QPointF(-3, -3), center + QPointF(3, 3));
        painter->drawLine(center + QPointF(-3, 3), center + QPointF(3, -3));
    }
}

LinkPill::LinkPill(LinkItem& link)
    : link_(&link) {
    link.labelled_ = this;
    setZValue(kPillLevel);
    setAcceptedMouseButtons(Qt::NoButton);
}

void LinkPill::paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) {
    if (option->levelOfDetailFromTransform(painter->worldTransform()) < metrics::kDetailZoom ||
        link_->look().text.isEmpty())
        return;
    painter->setRenderHint(QPainter::Antialiasing);
    link_->paintPill(*painter);
}

void LinkItem::paintPill(QPainter& painter) const {
    const Theme& theme = themes_->theme();
    const auto [rect, upright] = pill();
    painter.setPen(QPen(theme.divider, 1));
    painter.setBrush(theme.panel);
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    painter.setPen(theme.text2);
    painter.setFont(fixedFont(kPillFont));
    if (!upright) {
        painter.drawText(rect, Qt::AlignCenter, look().text);
        return;
    }
    painter.save();
    painter.translate(rect.center());
    painter.rotate(-90);
    painter.drawText(QRectF(-rect.height() / 2, -rect.width() / 2, rect.height(), rect.width()),
                     Qt::AlignCenter, look().text);
    painter.restore();
}

} // namespace gradwright
