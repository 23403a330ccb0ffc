// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/devices/roofline_view.h"

#include "ui/theme/text.h"

#include <QHelpEvent>
#include <QLineF>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr double kPointRadius = 4;
constexpr double kReach = 10; ///< pixels from a point that still hover it

int powerBelow(double value) {
    return static_cast<int>(std::floor(std::log10(value)));
}

bool isDrawn(const LayerSpeed& layer) {
    return layer.operations > 0 && layer.bytes > 0;
}

} // namespace

RooflineView::RooflineView(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes) {
    setAccessibleName(tr("Roofline of the network"));
    connect(themes_, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void RooflineView::setSpeed(const NetworkSpeed& speed) {
    speed_ = speed;
    const double peak = speed.product.perSecond;
    // Where the two roofs meet is in sight, and so is every layer.
    double least = peak / speed.memory.perSecond;
    double most = least;
    double lowest = peak * std::min(1.0, speed.shareOfPeak());
    for (const LayerSpeed& layer : speed.layers)
        if (isDrawn(layer)) {
            least = std::min(least, layer.intensity());
            most = std::max(most, layer.intensity());
            lowest = std::min(lowest, layer.attainable);
        }
    left_ = powerBelow(least);
    right_ = powerBelow(most) + 1;
    low_ = powerBelow(lowest);
    high_ = powerBelow(peak) + 1;
    QStringList texts;
    for (std::size_t i = 0; i < speed.layers.size(); ++i)
        texts << tip(i);
    setAccessibleDescription(texts.join(u'\n'));
    update();
}

QRectF RooflineView::area() const {
    const int text = fontMetrics().height();
    return QRectF(rect()).adjusted(86, 10, -20, -2 * text - 10);
}

QPointF RooflineView::placeOf(double intensity, double rate) const {
    const QRectF at = area();
    const double right = (std::log10(intensity) - left_) / (right_ - left_);
    const double up = (std::log10(rate) - low_) / (high_ - low_);
    return {at.left() + right * at.width(), at.bottom() - up * at.height()};
}

std::optional<QPointF> RooflineView::pointOf(std::size_t layer) const {
    const LayerSpeed& speed = speed_.layers[layer];
    if (!isDrawn(speed))
        return {};
    return placeOf(speed.intensity(), speed.attainable);
}

QString RooflineView::tip(std::size_t layer) const {
    const LayerSpeed& speed = speed_.layers[layer];
    const double peak = speed_.product.perSecond;
    return tr("%1: %2 operations, %3 moved, at most %4 (%5 % of the peak), %6")
        .arg(qstr(speed.path), shortNumber(speed.operations), byteSize(speed.bytes),
             qstr(operationsText(speed.attainable)))
        .arg(std::round(100 * speed.attainable / peak))
        .arg(speed.attainable < peak ? tr("bound by memory") : tr("bound by arithmetic"));
}

std::optional<std::size_t> RooflineView::layerAt(const QPointF& place) const {
    std::optional<std::size_t> nearest;
    double distance = kReach;
    for (std::size_t i = 0; i < speed_.layers.size(); ++i)
        if (const auto point = pointOf(i))
            if (const double away = QLineF(*point, place).length(); away < distance) {
                nearest = i;
                distance = away;
            }
    return nearest;
}

void RooflineView::paintEvent(QPaintEvent*) {
    if (speed_.product.perSecond <= 0)
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(textFont(type::kCaption));
    const Theme& theme = themes_->theme();
    const QRectF at = area();
    const auto label = [&](const QRectF& where, int flags, const QString& text) {
        painter.setPen(theme.text2);
        painter.drawText(where, flags, text);
    };
    for (int power = left_; power <= right_; ++power) {
        const double x = placeOf(std::pow(10.0, power), std::pow(10.0, low_)).x();
        painter.setPen(theme.grid);
        painter.drawLine(QPointF(x, at.top()), QPointF(x, at.bottom()));
        label(QRectF(x - 40, at.bottom() + 2, 80, 16), Qt::AlignHCenter,
              QString::number(std::pow(10.0, power)));
    }
    for (int power = low_; power <= high_; ++power) {
        const double rate = std::pow(10.0, power);
        const double y = placeOf(std::pow(10.0, left_), rate).y();
        painter.setPen(theme.grid);
        painter.drawLine(QPointF(at.left(), y), QPointF(at.right(), y));
        label(QRectF(0, y - 8, at.left() - 6, 16), Qt::AlignRight | Qt::AlignVCenter,
              qstr(operationsText(rate)));
    }
    label(QRectF(at.left(), at.bottom() + 16, at.width(), 18), Qt::AlignHCenter,
          tr("operations per byte"));
    const double peak = speed_.product.perSecond;
    const double bandwidth = speed_.memory.perSecond;
    const double first = std::pow(10.0, left_);
    const double last = std::pow(10.0, right_);
    painter.setClipRect(at.adjusted(-kPointRadius, -kPointRadius, kPointRadius, kPointRadius));
    painter.setPen(QPen(theme.text2, 2));
    painter.drawLine(placeOf(first, first * bandwidth), placeOf(peak / bandwidth, peak));
    painter.drawLine(placeOf(peak / bandwidth, peak), placeOf(last, peak));
    painter.setPen(QPen(theme.validation, 1.5, Qt::DashLine));
    const double reached = peak * speed_.shareOfPeak();
    painter.drawLine(placeOf(first, reached), placeOf(last, reached));
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.training);
    for (std::size_t i = 0; i < speed_.layers.size(); ++i)
        if (const auto point = pointOf(i))
            painter.drawEllipse(*point, kPointRadius, kPointRadius);
}

bool RooflineView::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* const help = static_cast<QHelpEvent*>(event);
    if (const auto layer = layerAt(help->pos()))
        QToolTip::showText(help->globalPos(), tip(*layer), this);
    else
        QToolTip::hideText();
    return true;
}

} // namespace gradwright

#include "moc_roofline_view.cpp"
