// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/node_item.h"

#include "ui/canvas/node_looks.h"
#include "ui/theme/icon_engine.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

constexpr double kNodeRadius = 8;
constexpr double kNodeTextLeft = 44;
constexpr double kRightMargin = 11;
constexpr double kShareHeight = 3; // of the bar that shows a layer's part of the cost
constexpr double kLeastShare = 0.01;
constexpr double kTitleLine = 23;
constexpr double kSecondLine = 42;
constexpr double kBadgeRadius = 9;
constexpr double kNameRoom = 36; // px that a name has beside the longest title
constexpr double kNameGap = 8;
constexpr QRectF kLockRect{20, 31, 14, 14}; // beneath the layer's icon

void drawText(QPainter& painter, double x, double baseline, const QFont& font, const QColor& color,
              const QString& text) {
    painter.setFont(font);
    painter.setPen(color);
    painter.drawText(QPointF(x, baseline), text);
}

} // namespace

NodeItem::NodeItem(NodeId id, const NodeLooks& looks, const ThemeManager& themes)
    : id_(id)
    , looks_(&looks)
    , themes_(&themes) {
    setFlag(ItemIsSelectable);
    setZValue(1);
}

const NodeLook& NodeItem::look() const {
    return look_.get(*looks_, [this] { return looks_->node(id_); });
}

void NodeItem::setForm(NodeForm form) {
    if (form == form_)
        return;
    prepareGeometryChange();
    form_ = std::move(form);
    update();
}

void NodeItem::setFlow(Flow flow) {
    if (flow == flow_)
        return;
    flow_ = flow;
    update();
}

QPointF NodeItem::portPos(const Port& port) const {
    const std::size_t count = std::max<std::size_t>(port.isInput ? form_.inputs : form_.outputs, 1);
    const QSizeF size = form_.size;
    if (flow_ == Flow::Down)
        return pos() + QPointF(metrics::alongSide(size.width(), port.ref.port.index(), count),
                               port.isInput ? 0 : size.height());
    return pos() + QPointF(port.isInput ? 0 : size.width(),
                           metrics::alongSide(size.height(), port.ref.port.index(), count));
}

std::vector<Port> NodeItem::ports() const {
    std::vector<Port> all;
    for (std::uint32_t i = 0; i < form_.inputs; ++i)
        all.push_back({{id_, {i}}, true});
    for (std::uint32_t i = 0; i < form_.outputs; ++i)
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
    return rect().adjusted(-14, -14, 14, 14);
}

QPainterPath NodeItem::shape() const {
    QPainterPath path;
    path.addRect(rect());
    return path;
}

void NodeItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) {
    const double zoom = option->levelOfDetailFromTransform(painter->worldTransform());
    painter->setRenderHint(QPainter::Antialiasing);
    const Theme& theme = themes_->theme();
    if (zoom < metrics::kBlockZoom) {
        painter->setPen(isSelected() ? QPen(theme.focus, 6) : QPen(Qt::NoPen));
        painter->setBrush(looks_->isWrong(id_) ? theme.error
                                               : theme.category(looks_->categoryOf(id_)));
        // A network that is seen from afar has many nodes, whose looks cost more than their
        // colours.
        if (looks_->hasOverlay() && look().fill.isValid())
            painter->setBrush(look().fill);
        painter->drawRoundedRect(rect(), kNodeRadius, kNodeRadius);
        return;
    }
    paintFrame(*painter);
    const double textRight = form_.size.width() - kRightMargin;
    const bool small = zoom < metrics::kDetailZoom;
    drawIcon(*painter, small ? QRectF(15, 15, 24, 24) : QRectF(18, 9, 18, 18), look().icon,
             theme.category(look().category));
    if (small) {
        drawText(*painter, kNodeTextLeft + 2, 34, textFont(18, QFont::DemiBold), theme.text,
                 QFontMetricsF(textFont(18, QFont::DemiBold))
                     .elidedText(look().title, Qt::ElideRight, textRight - kNodeTextLeft - 2));
    } else {
        paintTexts(*painter);
        paintPorts(*painter);
    }
    if (look().isFrozen)
        drawIcon(*painter, small ? QRectF(30, 30, 14, 14) : kLockRect, QStringLiteral("lock"),
                 theme.text2);
    if (!form_.preview.parts.empty())
        paintPreview(*painter);
    if (look().state == NodeLook::State::Error || (look().warnings > 0 && !small))
        paintBadge(*painter);
}

void NodeItem::paintFrame(QPainter& painter) const {
    const Theme& theme = themes_->theme();
    if (isSelected()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme.focus, 2));
        painter.drawRoundedRect(rect().adjusted(-3, -3, 3, 3), kNodeRadius + 3, kNodeRadius + 3);
    }
    QPen border(theme.nodeBorder, 1);
    if (look().state == NodeLook::State::Error)
        border = QPen(theme.error, 2);
    if (look().state == NodeLook::State::Pending) {
        border.setColor(theme.text3);
        border.setDashPattern({4, 3});
    }
    painter.setPen(border);
    painter.setBrush(look().fill.isValid() ? look().fill : theme.nodeFill);
    painter.drawRoundedRect(rect().adjusted(0.5, 0.5, -0.5, -0.5), kNodeRadius, kNodeRadius);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.category(look().category));
    painter.drawRoundedRect(QRectF(6, 8, 4, 38), 2, 2);
    if (look().isBlock) { // a second edge: there is more beneath
        painter.setPen(QPen(theme.nodeBorder, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(rect().adjusted(3, 3, -3, -3), kNodeRadius - 3, kNodeRadius - 3);
    }
}

void NodeItem::paintPreview(QPainter& painter) const {
    const Theme& theme = themes_->theme();
    painter.setPen(QPen(theme.wire, 1.5));
    painter.setBrush(Qt::NoBrush);
    for (const QPolygonF& wire : form_.preview.wires)
        painter.drawPolyline(wire);
    const QFont font = textFont(type::kCaption);
    const QFontMetricsF metrics(font);
    painter.setFont(font);
    for (const BlockPreview::Part& part : form_.preview.parts) {
        painter.setPen(QPen(theme.nodeBorder, 1));
        painter.setBrush(theme.raised);
        painter.drawRoundedRect(part.rect, 4, 4);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.category(part.category));
        painter.drawRoundedRect(
            QRectF(part.rect.x() + 3, part.rect.y() + 4, 2.5, part.rect.height() - 8), 1, 1);
        const QRectF text = part.rect.adjusted(10, 0, -4, 0);
        painter.setPen(theme.text2);
        painter.drawText(text, Qt::AlignVCenter | Qt::AlignLeft,
                         metrics.elidedText(part.title, Qt::ElideRight, text.width()));
    }
}

void NodeItem::paintTexts(QPainter& painter) const {
    const Theme& theme = themes_->theme();
    const double textRight = form_.size.width() - kRightMargin;
    const QFont titleFont = textFont(type::kBody, QFont::DemiBold);
    const QFont caption = textFont(type::kCaption);
    const QFontMetricsF titles(titleFont);
    const QFontMetricsF captions(caption);
    // A name says as much as the title: part of the line is kept for it.
    const double line = textRight - kNodeTextLeft;
    const double nameWidth = captions.horizontalAdvance(look().name) + 1;
    const double kept = look().name.isEmpty() ? 0 : std::min(nameWidth, kNameRoom) + kNameGap;
    const bool fits = titles.horizontalAdvance(look().title) + 1 <= line - kept;
    const QString& title = fits ? look().title : look().shortTitle;
    const double titleWidth = std::min(titles.horizontalAdvance(title) + 1, line - kept);
    drawText(painter, kNodeTextLeft, kTitleLine, titleFont, theme.text,
             titles.elidedText(title, Qt::ElideRight, titleWidth));
    if (!look().name.isEmpty()) {
        const QString name =
            captions.elidedText(look().name, Qt::ElideMiddle, line - titleWidth - kNameGap);
        drawText(painter, textRight - captions.horizontalAdvance(name), kTitleLine, caption,
                 look().fill.isValid() ? theme.text : theme.text3, name);
    }
    const QColor& second = look().state == NodeLook::State::Error ? theme.error
                           : look().fill.isValid()                ? theme.text
                                                                  : theme.text2;
    const double lineRoom =
        textRight - kNodeTextLeft - captions.horizontalAdvance(look().right) - 6;
    drawText(painter, kNodeTextLeft, kSecondLine, caption, second,
             captions.elidedText(look().line, Qt::ElideRight, lineRoom));
    drawText(painter, textRight - captions.horizontalAdvance(look().right), kSecondLine, caption,
             theme.text2, look().right);
    if (look().share < kLeastShare)
        return;
    // How much of the whole cost is here.
    const QRectF track(kNodeTextLeft, metrics::kNodeHeight - 7, textRight - kNodeTextLeft,
                       kShareHeight);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.divider);
    painter.drawRoundedRect(track, 1.5, 1.5);
    painter.setBrush(theme.category(look().category));
    painter.drawRoundedRect(
        QRectF(track.topLeft(), QSizeF(track.width() * look().share, kShareHeight)), 1.5, 1.5);
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
        const bool hollow = look().state == NodeLook::State::Pending && !fitting_;
        painter.setPen(QPen(hollow ? color : theme.canvas, 1.5));
        painter.setBrush(hollow ? theme.canvas : color);
        painter.drawEllipse(mapFromScene(portPos(port)), radius, radius);
    }
}

void NodeItem::paintBadge(QPainter& painter) const {
    const Theme& theme = themes_->theme();
    const QPointF center(form_.size.width() - 1, 1);
    painter.setPen(QPen(theme.canvas, 2));
    if (look().state != NodeLook::State::Error) { // warnings are triangles, and smaller
        drawIcon(painter, QRectF(center.x() - 8, center.y() - 8, 16, 16), iconOf(Severity::Warning),
                 theme.warning);
        return;
    }
    painter.setBrush(theme.error);
    painter.drawEllipse(center, kBadgeRadius, kBadgeRadius);
    const QColor ink = theme.kind == ThemeKind::Dark ? theme.canvas : theme.onAccent;
    painter.setPen(QPen(ink, 2, Qt::SolidLine, Qt::RoundCap));
    painter.drawLine(center + QPointF(0, -4.5), center + QPointF(0, 0.8));
    painter.drawPoint(center + QPointF(0, 4.2));
}

} // namespace gradwright
