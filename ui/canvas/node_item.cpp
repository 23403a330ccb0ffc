// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/node_item.h"

#include "ui/theme/icon_engine.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

#include <algorithm>

namespace gradwright {

namespace {

constexpr double kRadius = 8;
constexpr double kTextLeft = 44;
constexpr double kTextRight = metrics::kNodeWidth - 11;
constexpr double kTitleLine = 23;
constexpr double kSecondLine = 42;
constexpr double kBadgeRadius = 9;

void drawText(QPainter& painter, double x, double baseline, const QFont& font, const QColor& color,
              const QString& text) {
    painter.setFont(font);
    painter.setPen(color);
    painter.drawText(QPointF(x, baseline), text);
}

} // namespace

NodeItem::NodeItem(NodeId id, const ThemeManager& themes)
    : id_(id)
    , themes_(&themes) {
    setFlag(ItemIsSelectable);
    setZValue(1);
}

void NodeItem::setLook(NodeLook look) {
    if (look == look_)
        return;
    look_ = std::move(look);
    setToolTip(look_.toolTip);
    update();
}

QPointF NodeItem::portPos(const Port& port) const {
    const std::size_t count = port.isInput ? look_.inputs : look_.outputs;
    return pos() + QPointF(metrics::portX(port.ref.port.index(), std::max<std::size_t>(count, 1)),
                           port.isInput ? 0 : metrics::kNodeHeight);
}

std::vector<Port> NodeItem::ports() const {
    std::vector<Port> all;
    for (std::uint32_t i = 0; i < look_.inputs; ++i)
        all.push_back({{id_, {i}}, true});
    for (std::uint32_t i = 0; i < look_.outputs; ++i)
        all.push_back({{id_, {i}}, false});
    return all;
}

void NodeItem::setFitting(std::optional<std::vector<Port>> fitting) {
    if (fitting == fitting_)
        return;
    fitting_ = std::move(fitting);
    update();
}

QRectF NodeItem::boundingRect() const {
    // Ports and the badge stand out.
    return metrics::nodeRect().adjusted(-14, -14, 14, 14);
}

QPainterPath NodeItem::shape() const {
    QPainterPath path;
    path.addRect(metrics::nodeRect());
    return path;
}

void NodeItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) {
    const double zoom = option->levelOfDetailFromTransform(painter->worldTransform());
    painter->setRenderHint(QPainter::Antialiasing);
    const Theme& theme = themes_->theme();
    if (zoom < metrics::kBlockZoom) {
        painter->setPen(isSelected() ? QPen(theme.focus, 6) : QPen(Qt::NoPen));
        painter->setBrush(look_.state == NodeLook::State::Error ? theme.error
                                                                : theme.category(look_.category));
        painter->drawRoundedRect(metrics::nodeRect(), kRadius, kRadius);
        return;
    }
    paintFrame(*painter);
    const bool small = zoom < metrics::kDetailZoom;
    drawIcon(*painter, small ? QRectF(15, 15, 24, 24) : QRectF(18, 9, 18, 18), look_.icon,
             theme.category(look_.category));
    if (small) {
        drawText(*painter, kTextLeft + 2, 34, textFont(18, QFont::DemiBold), theme.text,
                 QFontMetricsF(textFont(18, QFont::DemiBold))
                     .elidedText(look_.title, Qt::ElideRight, kTextRight - kTextLeft - 2));
    } else {
        paintTexts(*painter);
        paintPorts(*painter);
    }
    if (look_.state == NodeLook::State::Error)
        paintBadge(*painter);
}

void NodeItem::paintFrame(QPainter& painter) const {
    const Theme& theme = themes_->theme();
    if (isSelected()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme.focus, 2));
        painter.drawRoundedRect(metrics::nodeRect().adjusted(-3, -3, 3, 3), kRadius + 3,
                                kRadius + 3);
    }
    QPen border(theme.nodeBorder, 1);
    if (look_.state == NodeLook::State::Error)
        border = QPen(theme.error, 2);
    if (look_.state == NodeLook::State::Pending) {
        border.setColor(theme.text3);
        border.setDashPattern({4, 3});
    }
    painter.setPen(border);
    painter.setBrush(theme.nodeFill);
    painter.drawRoundedRect(metrics::nodeRect().adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.category(look_.category));
    painter.drawRoundedRect(QRectF(6, 8, 4, 38), 2, 2);
}

void NodeItem::paintTexts(QPainter& painter) const {
    const Theme& theme = themes_->theme();
    const QFont titleFont = textFont(type::kBody, QFont::DemiBold);
    const QFont caption = textFont(type::kCaption);
    const QFontMetricsF titles(titleFont);
    const QFontMetricsF captions(caption);
    const double titleWidth =
        std::min(titles.horizontalAdvance(look_.title) + 1, kTextRight - kTextLeft);
    drawText(painter, kTextLeft, kTitleLine, titleFont, theme.text,
             titles.elidedText(look_.title, Qt::ElideRight, titleWidth));
    const double room = kTextRight - kTextLeft - titleWidth - 8;
    if (room > 20) {
        const QString name = captions.elidedText(look_.name, Qt::ElideMiddle, room);
        drawText(painter, kTextRight - captions.horizontalAdvance(name), kTitleLine, caption,
                 theme.text3, name);
    }
    const QColor& second = look_.state == NodeLook::State::Error ? theme.error : theme.text2;
    drawText(painter, kTextLeft, kSecondLine, caption, second, look_.line);
    drawText(painter, kTextRight - captions.horizontalAdvance(look_.right), kSecondLine, caption,
             theme.text2, look_.right);
}

void NodeItem::paintPorts(QPainter& painter) const {
    const Theme& theme = themes_->theme();
    for (const Port& port : ports()) {
        double radius = metrics::kPortRadius;
        QColor color = isSelected() ? theme.focus : theme.wire;
        if (fitting_) {
            if (std::ranges::find(*fitting_, port) != fitting_->end()) {
                radius = metrics::kFittingPortRadius;
                color = theme.focus;
            } else {
                color.setAlphaF(0.4F);
            }
        }
        const bool hollow = look_.state == NodeLook::State::Pending && !fitting_;
        painter.setPen(QPen(hollow ? color : theme.canvas, 1.5));
        painter.setBrush(hollow ? theme.canvas : color);
        painter.drawEllipse(mapFromScene(portPos(port)), radius, radius);
    }
}

void NodeItem::paintBadge(QPainter& painter) const {
    const Theme& theme = themes_->theme();
    const QPointF center(metrics::kNodeWidth - 1, 1);
    painter.setPen(QPen(theme.canvas, 2));
    painter.setBrush(theme.error);
    painter.drawEllipse(center, kBadgeRadius, kBadgeRadius);
    const QColor ink = theme.kind == ThemeKind::Dark ? theme.canvas : theme.onAccent;
    painter.setPen(QPen(ink, 2, Qt::SolidLine, Qt::RoundCap));
    painter.drawLine(center + QPointF(0, -4.5), center + QPointF(0, 0.8));
    painter.drawPoint(center + QPointF(0, 4.2));
}

} // namespace gradwright
