// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/chart_panels.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr double kLineLeft = 58;
constexpr double kLineRight = 14;
constexpr double kLineTitle = 22;
constexpr double kLegendRow = 18;
constexpr double kLineBottom = 40;
constexpr double kSampleWidth = 22;

double onScale(double value, bool isLogarithmic) {
    return isLogarithmic ? std::log10(value) : value;
}

/// The ends of an axis, in the scale's own numbers, a little wider than what is drawn.
struct AxisRange {
    double low = 0;
    double high = 1;
    bool isLogarithmic = false;
    bool isEmpty = true;

    void take(double value) {
        if (!std::isfinite(value) || (isLogarithmic && value <= 0))
            return;
        const double at = onScale(value, isLogarithmic);
        low = isEmpty ? at : std::min(low, at);
        high = isEmpty ? at : std::max(high, at);
        isEmpty = false;
    }
    void widen(double share) {
        const double room = high > low ? (high - low) * share : (isLogarithmic ? 0.3 : 0.5);
        low -= room;
        high += room;
    }
    [[nodiscard]] double share(double value) const {
        return (onScale(value, isLogarithmic) - low) / (high - low);
    }
    [[nodiscard]] bool takes(double value) const {
        return std::isfinite(value) && (!isLogarithmic || value > 0);
    }
    [[nodiscard]] std::vector<double> ticks(int about) const {
        return isLogarithmic ? roundTicks(std::pow(10, low), std::pow(10, high), about, true)
                             : roundTicks(low, high, about, false);
    }
};

/// Places of the entries of a legend, line by line; how many lines there are.
template <class Draw>
int layLegend(const LinePanel& panel, const QFontMetricsF& metrics, double width, Draw draw) {
    double x = 0;
    int row = 0;
    for (const auto& series : panel.series) {
        const double wide = kSampleWidth + 6 + metrics.horizontalAdvance(series.name) + 14;
        if (x > 0 && x + wide > width) {
            x = 0;
            ++row;
        }
        draw(series, QPointF(x, row * kLegendRow));
        x += wide;
    }
    return panel.series.empty() ? 0 : row + 1;
}

QString axisText(const std::function<QString(double)>& text, double value) {
    return text ? text(value) : QString::number(value, 'g', 3);
}

void paintSeries(QPainter& painter, const ChartSeries& series, const AxisRange& xs,
                 const AxisRange& ys, const QRectF& area, const Theme& theme) {
    const auto color = colorOf(series.role, theme);
    const auto place = [&](double x, double y) {
        return QPointF(area.left() + xs.share(x) * area.width(),
                       area.bottom() - std::clamp(ys.share(y), 0.0, 1.0) * area.height());
    };
    const auto isDrawn = [&](const ChartPoint& point) {
        return xs.takes(point.x) && ys.takes(point.y);
    };
    if (series.hasLine) {
        QPainterPath path;
        for (const auto& point : series.points)
            if (isDrawn(point)) {
                const auto at = place(point.x, point.y);
                if (path.elementCount() == 0)
                    path.moveTo(at);
                else
                    path.lineTo(at);
            }
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, 2, dashOf(series.role)));
        painter.drawPath(path);
    }
    for (const auto& point : series.points) {
        if (!isDrawn(point))
            continue;
        if (point.deviation > 0) {
            const auto above = place(point.x, point.y + point.deviation);
            const double least = point.y - point.deviation;
            const auto below = ys.takes(least)
                                   ? place(point.x, least)
                                   : QPointF(place(point.x, point.y).x(), area.bottom());
            painter.setPen(QPen(color, 1.3));
            painter.drawLine(above, below);
            painter.drawLine(above - QPointF(3, 0), above + QPointF(3, 0));
            painter.drawLine(below - QPointF(3, 0), below + QPointF(3, 0));
        }
        if (!series.hasMarkers)
            continue;
        painter.setPen(QPen(theme.panel, 1));
        painter.setBrush(color);
        auto marker = markerOf(series.role);
        if (marker.isEmpty())
            marker.addEllipse(QPointF(0, 0), 3.5, 3.5);
        painter.drawPath(marker.translated(place(point.x, point.y)));
    }
}

} // namespace

std::vector<double> roundTicks(double low, double high, int about, bool isLogarithmic) {
    std::vector<double> ticks;
    if (!(high > low) || about < 1 || (isLogarithmic && low <= 0))
        return ticks;
    if (isLogarithmic) {
        const double decades = std::log10(high / low);
        const auto first = static_cast<int>(std::floor(std::log10(low)));
        const auto last = static_cast<int>(std::ceil(std::log10(high)));
        // Powers of ten alone where there are many of them, then every other one, and so on.
        const int stride = std::max(1, static_cast<int>(std::ceil(decades / about)));
        for (int power = first; power <= last; ++power)
            for (const double step : {1.0, 2.0, 5.0}) {
                if (step > 1 && decades > about / 2.0)
                    continue;
                const double tick = step * std::pow(10, power);
                const bool isSkipped = ((power % stride) + stride) % stride != 0;
                if (tick >= low * 0.9999 && tick <= high * 1.0001 && !isSkipped)
                    ticks.push_back(tick);
            }
        // Between two of them numbers that are equally far apart say more than one, or none.
        return ticks.size() < 2 ? roundTicks(low, high, about, false) : ticks;
    }
    const double rough = (high - low) / about;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    double step = power * 10;
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= rough) {
            step = factor * power;
            break;
        }
    for (double tick = std::ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6;
         tick += step)
        ticks.push_back(std::abs(tick) < step * 1e-6 ? 0 : tick);
    return ticks;
}

void paintLines(QPainter& painter, const QRectF& place, const LinePanel& panel,
                const Theme& theme) {
    painter.setFont(textFont(type::kDense, QFont::DemiBold));
    painter.setPen(theme.text);
    painter.drawText(QRectF(place.left(), place.top(), place.width(), 18),
                     Qt::AlignLeft | Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(panel.title, Qt::ElideRight,
                                                      static_cast<int>(place.width())));
    painter.setFont(textFont(type::kCaption));
    const QFontMetricsF metrics(painter.font());
    const QPointF legendAt = place.topLeft() + QPointF(0, kLineTitle);
    const int rows =
        layLegend(panel, metrics, place.width(), [&](const ChartSeries& series, QPointF at) {
            const QRectF sample(legendAt + at + QPointF(0, 2), QSizeF(kSampleWidth, 12));
            drawSample(painter, sample, series.role, theme);
            painter.setPen(theme.text2);
            painter.drawText(QRectF(sample.right() + 6, legendAt.y() + at.y(),
                                    metrics.horizontalAdvance(series.name) + 8, 16),
                             Qt::AlignLeft | Qt::AlignVCenter, series.name);
        });
    const double top = place.top() + kLineTitle + rows * kLegendRow + 6;
    const QRectF area(place.left() + kLineLeft, top, place.width() - kLineLeft - kLineRight,
                      place.bottom() - kLineBottom - top);

    AxisRange xs{.isLogarithmic = panel.isXLogarithmic};
    AxisRange ys{.isLogarithmic = panel.isYLogarithmic};
    for (const auto& series : panel.series)
        for (const auto& point : series.points) {
            xs.take(point.x);
            ys.take(point.y - point.deviation);
            ys.take(point.y + point.deviation);
        }
    if (panel.band)
        for (const double value : {panel.band->low, panel.band->high})
            ys.take(value);
    if (xs.isEmpty || ys.isEmpty || area.height() < 20) {
        painter.setPen(theme.text3);
        painter.drawText(area, Qt::AlignCenter, QStringLiteral("–"));
        return;
    }
    xs.widen(0.04);
    ys.widen(0.08);
    const auto yAt = [&](double y) { return area.bottom() - ys.share(y) * area.height(); };
    for (const double tick : ys.ticks(std::max(2, static_cast<int>(area.height() / 36)))) {
        painter.setPen(theme.grid);
        painter.drawLine(QPointF(area.left(), yAt(tick)), QPointF(area.right(), yAt(tick)));
        painter.setPen(theme.axis);
        painter.drawText(QRectF(place.left(), yAt(tick) - 8, kLineLeft - 8, 16),
                         Qt::AlignRight | Qt::AlignVCenter, axisText(panel.yText, tick));
    }
    for (const double tick : xs.ticks(std::max(2, static_cast<int>(area.width() / 56)))) {
        if (panel.hasWholeX && std::abs(tick - std::round(tick)) > 1e-6)
            continue;
        const double x = area.left() + xs.share(tick) * area.width();
        painter.setPen(theme.axis);
        painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 4));
        painter.drawText(QRectF(x - 40, area.bottom() + 4, 80, 16), Qt::AlignCenter,
                         axisText(panel.xText, tick));
    }
    painter.drawLine(area.bottomLeft(), area.bottomRight());
    painter.drawText(QRectF(area.left(), area.bottom() + 20, area.width(), 16), Qt::AlignCenter,
                     panel.xTitle);
    if (panel.band) {
        const auto& band = *panel.band;
        auto fill = theme.training;
        fill.setAlphaF(0.14F);
        painter.fillRect(
            QRectF(QPointF(area.left(), yAt(band.high)), QPointF(area.right(), yAt(band.low))),
            fill);
        painter.setPen(QPen(theme.training, 1.4, Qt::DashLine));
        painter.drawLine(QPointF(area.left(), yAt(band.middle)),
                         QPointF(area.right(), yAt(band.middle)));
    }
    for (const auto& series : panel.series)
        paintSeries(painter, series, xs, ys, area, theme);
}

} // namespace gradwright
