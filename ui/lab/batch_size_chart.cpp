// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/batch_size_chart.h"

#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QPainter>
#include <QPainterPath>
#include <QTextStream>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace gradwright {
namespace {

constexpr int kChartLeft = 58;
constexpr int kChartRight = 58;
constexpr int kChartTop = 46;
constexpr int kChartBottom = 44;

struct SizePoint {
    std::int64_t size = 0;
    double speed = 0;
    std::optional<double> error;
    double deviation = 0;
};

/// All that are planned, so that the picture keeps its places while trials come.
std::vector<SizePoint> pointsIn(const Json& data) {
    std::vector<SizePoint> points;
    if (const auto planned = data.find("planned"); planned != data.end())
        for (const auto& size : *planned)
            points.push_back({size.get<std::int64_t>(), 0, {}, 0});
    const auto sizes = data.find("sizes");
    if (sizes == data.end())
        return points;
    for (const auto& each : *sizes) {
        SizePoint point;
        point.size = each.at("size").get<std::int64_t>();
        if (each.at("samples_per_second").is_number())
            point.speed = each.at("samples_per_second").get<double>();
        if (each.at("error").is_number())
            point.error = each.at("error").get<double>();
        if (each.at("deviation").is_number())
            point.deviation = each.at("deviation").get<double>();
        if (const auto found = std::ranges::find(points, point.size, &SizePoint::size);
            found != points.end())
            *found = point;
        else
            points.push_back(point);
    }
    return points;
}

bool isShareIn(const Json& data) {
    return data.value("error_is_share", true);
}

QString errorLabel(double error, bool isShare) {
    return isShare ? QStringLiteral("%1 %").arg(QString::number(error * 100, 'g', 3))
                   : QString::number(error, 'g', 3);
}

/// A round number that is not much larger.
double topOfScale(double value) {
    const double power = std::pow(10, std::floor(std::log10(value)));
    for (const double step : {1.0, 1.2, 1.6, 2.0, 2.4, 3.0, 4.0, 5.0, 6.0, 8.0})
        if (step * power >= value)
            return step * power;
    return power * 10;
}

/// The scale of the errors: from 1, 2 or 5 times a power of ten to the next such number.
struct ErrorScale {
    double low = 0.01;
    double high = 1;

    explicit ErrorScale(const std::vector<SizePoint>& points) {
        double least = HUGE_VAL;
        double most = 0;
        for (const auto& point : points)
            if (point.error && *point.error > 0) {
                least = std::min(least, *point.error);
                most = std::max(most, *point.error + point.deviation);
            }
        if (most <= 0)
            return;
        low = nextBelow(least * 0.999);
        high = std::max(nextAbove(most), low * 2);
    }
    static double nextBelow(double value) {
        const double power = std::pow(10, std::floor(std::log10(value)));
        for (const double step : {5.0, 2.0, 1.0})
            if (step * power <= value)
                return step * power;
        return power;
    }
    static double nextAbove(double value) {
        const double power = std::pow(10, std::floor(std::log10(value)));
        for (const double step : {1.0, 2.0, 5.0, 10.0})
            if (step * power >= value)
                return step * power;
        return power * 10;
    }
    [[nodiscard]] double share(double value) const {
        return (std::log(std::max(value, low)) - std::log(low)) / (std::log(high) - std::log(low));
    }
    [[nodiscard]] std::vector<double> ticks() const {
        std::vector<double> values;
        for (double value = low; value <= high * 1.0001; value = nextAbove(value * 1.01))
            values.push_back(value);
        return values;
    }
};

} // namespace

BatchSizeChart::BatchSizeChart(ThemeManager& theme, QWidget* parent)
    : LabChart(theme, tr("Batch sizes"), parent) {}

void BatchSizeChart::paint(QPainter& painter, QSize size) {
    const auto& theme = theme_->theme();
    const auto points = pointsIn(data());
    const QRectF area(kChartLeft, kChartTop, size.width() - kChartLeft - kChartRight,
                      size.height() - kChartTop - kChartBottom);
    painter.setFont(textFont(type::kCaption));
    if (std::ranges::none_of(points, [](const SizePoint& point) { return point.speed > 0; })) {
        painter.setPen(theme.text3);
        painter.drawText(QRect({}, size), Qt::AlignCenter, tr("Nothing is measured yet."));
        return;
    }
    const bool isShare = isShareIn(data());
    const ErrorScale errors(points);
    double fastest = 1;
    for (const auto& point : points)
        fastest = std::max(fastest, point.speed);
    const double topSpeed = topOfScale(fastest);
    const double column = area.width() / static_cast<double>(points.size());
    const auto middleOf = [&](std::size_t i) {
        return area.left() + (static_cast<double>(i) + 0.5) * column;
    };
    const auto yOf = [&](double error) {
        return area.bottom() - std::clamp(errors.share(error), 0.0, 1.0) * area.height();
    };

    // Both scales, and the grid of the errors'.
    for (const double tick : errors.ticks()) {
        const double y = yOf(tick);
        painter.setPen(theme.grid);
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        painter.setPen(theme.axis);
        painter.drawText(QRectF(0, y - 8, kChartLeft - 8, 16), Qt::AlignRight | Qt::AlignVCenter,
                         errorLabel(tick, isShare));
    }
    for (const double share : {0.0, 0.5, 1.0})
        painter.drawText(QRectF(area.right() + 8, area.bottom() - share * area.height() - 8,
                                kChartRight - 8, 16),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         shortNumber(std::llround(topSpeed * share)));

    const auto sweet = data().find("sweet_spot");
    for (std::size_t i = 0; i < points.size(); ++i) {
        const bool isSweet = sweet != data().end() && sweet->is_number() &&
                             sweet->get<std::int64_t>() == points[i].size;
        const double middle = middleOf(i);
        if (isSweet) {
            const QRectF band(middle - column / 2 + 1, area.top(), column - 2, area.height());
            painter.fillRect(band, theme.okTint);
            painter.setPen(QPen(theme.ok, 1, Qt::DashLine));
            painter.drawLine(band.topLeft(), band.bottomLeft());
            painter.drawLine(band.topRight(), band.bottomRight());
        }
        const double height = points[i].speed / topSpeed * area.height();
        const double width = std::min(column * 0.46, 36.0);
        auto fill = theme.run3;
        fill.setAlphaF(0.5F);
        const QRectF bar(middle - width / 2, area.bottom() - height, width, height);
        painter.fillRect(bar, fill);
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width(), 2), theme.run3);
        painter.setPen(theme.axis);
        // With little room, every other size is named.
        if (column >= 36 || i % 2 == 0)
            painter.drawText(QRectF(middle - 40, area.bottom() + 4, 80, 16), Qt::AlignCenter,
                             fullNumber(points[i].size));
        if (isSweet) {
            const auto text = tr("Sweet spot %1").arg(fullNumber(points[i].size));
            painter.setFont(textFont(type::kDense, QFont::DemiBold));
            const double wide = painter.fontMetrics().horizontalAdvance(text) + 20;
            const QRectF pill(std::clamp(middle - wide / 2, area.left(), area.right() - wide),
                              area.top() - 24, wide, 20);
            painter.setPen(QPen(theme.ok, 1));
            painter.setBrush(theme.okTint);
            painter.drawRoundedRect(pill, 10, 10);
            painter.setPen(theme.text);
            painter.drawText(pill, Qt::AlignCenter, text);
            painter.setFont(textFont(type::kCaption));
        }
    }
    painter.setPen(theme.axis);
    painter.drawLine(area.bottomLeft(), area.bottomRight());
    painter.drawText(QRectF(area.left(), area.bottom() + 22, area.width(), 16), Qt::AlignCenter,
                     tr("Batch size"));

    QPainterPath line;
    for (std::size_t i = 0; i < points.size(); ++i)
        if (points[i].error) {
            const QPointF place(middleOf(i), yOf(*points[i].error));
            if (line.elementCount() == 0)
                line.moveTo(place);
            else
                line.lineTo(place);
        }
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.validation, 2.2));
    painter.drawPath(line);
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (!points[i].error)
            continue;
        const double x = middleOf(i);
        const double error = *points[i].error;
        if (points[i].deviation > 0) {
            painter.setPen(QPen(theme.validation, 1.4));
            const double above = yOf(error + points[i].deviation);
            const double below = yOf(std::max(error - points[i].deviation, errors.low));
            painter.drawLine(QPointF(x, above), QPointF(x, below));
            painter.drawLine(QPointF(x - 4, above), QPointF(x + 4, above));
            painter.drawLine(QPointF(x - 4, below), QPointF(x + 4, below));
        }
        painter.setPen(QPen(theme.panel, 2));
        painter.setBrush(theme.validation);
        painter.drawEllipse(QPointF(x, yOf(error)), 5, 5);
    }

    painter.setFont(textFont(type::kDense, QFont::DemiBold));
    painter.setPen(theme.validation);
    painter.drawText(QRectF(8, 2, size.width() / 2.0, 18), Qt::AlignLeft | Qt::AlignVCenter,
                     isShare ? tr("● Best validation error") : tr("● Best validation loss"));
    painter.setPen(theme.run3);
    painter.drawText(QRectF(size.width() / 2.0, 2, size.width() / 2.0 - 8, 18),
                     Qt::AlignRight | Qt::AlignVCenter, tr("■ Samples per second"));
}

QString BatchSizeChart::spokenText() const {
    QStringList parts;
    const bool isShare = isShareIn(data());
    for (const auto& point : pointsIn(data()))
        if (point.speed > 0)
            parts << tr("batch size %1: %2 %3, %4 samples per second")
                         .arg(fullNumber(point.size), isShare ? tr("error") : tr("loss"),
                              point.error ? errorLabel(*point.error, isShare) : tr("none"),
                              fullNumber(std::llround(point.speed)));
    return parts.join(QStringLiteral("; "));
}

QString BatchSizeChart::csv() const {
    QString text;
    QTextStream out(&text);
    out << "batch_size," << (isShareIn(data()) ? "error" : "loss")
        << ",deviation,samples_per_second\n";
    for (const auto& point : pointsIn(data()))
        out << point.size << ','
            << (point.error ? QString::number(*point.error, 'g', 10) : QString()) << ','
            << QString::number(point.deviation, 'g', 10) << ','
            << QString::number(point.speed, 'g', 10) << '\n';
    return text;
}

} // namespace gradwright
