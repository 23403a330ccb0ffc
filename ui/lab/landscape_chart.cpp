// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/landscape_chart.h"

#include "ui/plots/heat_colors.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QImage>
#include <QPainter>
#include <QPainterPath>
#include <QTextStream>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace gradwright {
namespace {

constexpr int kPlaneLeft = 58;
constexpr int kPlaneRight = 84; ///< with the scale of colours
constexpr int kPlaneTop = 10;
constexpr int kPlaneBottom = 40;
constexpr int kBands = 14; ///< of equal loss
constexpr int kScaleWidth = 14;

using Places = std::vector<double>;

Places placesIn(const Json& data, const char* key) {
    const auto found = data.find(key);
    return found == data.end() ? Places() : found->get<Places>();
}

struct PathPoint {
    double x, y, loss;
};
struct Path {
    QString name;
    std::vector<PathPoint> points;
};

/// What has been measured of a surface so far.
class Surface {
public:
    explicit Surface(const Json& data)
        : x_(placesIn(data, "x"))
        , y_(placesIn(data, "y")) {
        const auto rows = data.find("loss");
        if (rows == data.end() || x_.size() < 2 || y_.size() < 2)
            return;
        for (const auto& row : *rows) {
            auto& values = losses_.emplace_back();
            for (const auto& value : row) {
                values.push_back(value.is_number() && value.get<double>() > 0
                                     ? std::optional(std::log(value.get<double>()))
                                     : std::nullopt);
                if (values.back()) {
                    low_ = std::min(low_, *values.back());
                    high_ = std::max(high_, *values.back());
                }
            }
        }
    }

    [[nodiscard]] bool isEmpty() const { return !(low_ <= high_); }
    [[nodiscard]] double left() const { return x_.front(); }
    [[nodiscard]] double right() const { return x_.back(); }
    [[nodiscard]] double bottom() const { return y_.front(); }
    [[nodiscard]] double top() const { return y_.back(); }
    /// The loss at a share of the scale of colours.
    [[nodiscard]] double lossAt(double share) const {
        return std::exp(low_ + share * (high_ - low_));
    }
    /// The place on that scale, bilinear between what was measured; nothing where it was not.
    [[nodiscard]] std::optional<double> shareAt(double x, double y) const {
        const double column =
            (x - left()) / (right() - left()) * static_cast<double>(x_.size() - 1);
        const double row = (y - bottom()) / (top() - bottom()) * static_cast<double>(y_.size() - 1);
        const auto c = std::min(static_cast<std::size_t>(std::max(column, 0.0)), x_.size() - 2);
        const auto r = std::min(static_cast<std::size_t>(std::max(row, 0.0)), y_.size() - 2);
        const double across = column - static_cast<double>(c), up = row - static_cast<double>(r);
        double sum = 0;
        for (const std::size_t i : {0U, 1U})
            for (const std::size_t j : {0U, 1U}) {
                const double weight = (i ? up : 1 - up) * (j ? across : 1 - across);
                if (weight < 1e-9)
                    continue;
                const auto value = at(r + i, c + j);
                if (!value)
                    return {};
                sum += weight * *value;
            }
        return high_ > low_ ? (sum - low_) / (high_ - low_) : 0;
    }

private:
    [[nodiscard]] std::optional<double> at(std::size_t row, std::size_t column) const {
        return row < losses_.size() && column < losses_[row].size() ? losses_[row][column]
                                                                    : std::nullopt;
    }

    Places x_, y_;
    std::vector<std::vector<std::optional<double>>> losses_; ///< logarithms
    double low_ = HUGE_VAL, high_ = -HUGE_VAL;
};

std::vector<Path> pathsIn(const Json& data) {
    std::vector<Path> paths;
    const auto found = data.find("paths");
    if (found == data.end())
        return paths;
    for (const auto& each : *found) {
        Path path{QString::fromStdString(each.value("name", std::string())), {}};
        for (const auto& point : each.at("points"))
            if (point.size() >= 4 && point[0].is_number() && point[1].is_number())
                path.points.push_back(
                    {point[0], point[1], point[3].is_number() ? point[3].get<double>() : NAN});
        if (!path.points.empty())
            paths.push_back(std::move(path));
    }
    return paths;
}

QString nameOfAxis(const Json& data, const char* key) {
    return QString::fromStdString(data.value(key, std::string()));
}

QString lossText(double loss) {
    return std::isfinite(loss) ? QString::number(loss, 'g', 3) : LandscapeChart::tr("none");
}

QString placeText(double place) {
    return QString::number(place, 'g', 2).replace(u'-', QChar(0x2212));
}

/// In bands of equal loss, each in one colour, with a line between two.
QImage imageOf(const Surface& surface, QSize pixels) {
    QImage image(pixels, QImage::Format_ARGB32);
    image.fill(Qt::transparent);
    const auto bandAt = [&](int column, int row) {
        const double x =
            surface.left() + (column + 0.5) / pixels.width() * (surface.right() - surface.left());
        const double y =
            surface.top() - (row + 0.5) / pixels.height() * (surface.top() - surface.bottom());
        const auto share = surface.shareAt(x, y);
        return share ? std::clamp(static_cast<int>(*share * kBands), 0, kBands - 1) : -1;
    };
    std::vector<int> above(static_cast<std::size_t>(pixels.width()), -1);
    for (int row = 0; row < pixels.height(); ++row) {
        auto* const line = reinterpret_cast<QRgb*>(image.scanLine(row));
        int before = -1;
        for (int column = 0; column < pixels.width(); ++column) {
            const int band = bandAt(column, row);
            auto& over = above[static_cast<std::size_t>(column)];
            if (band >= 0) {
                const QColor color(heatColor((band + 0.5) / kBands));
                const bool isEdge = (before >= 0 && before != band) || (over >= 0 && over != band);
                line[column] = (isEdge ? color.lighter(130) : color).rgb();
            }
            before = over = band;
        }
    }
    return image;
}

} // namespace

LandscapeChart::LandscapeChart(ThemeManager& theme, QWidget* parent)
    : LabChart(theme, tr("Cost surface"), parent) {}

void LandscapeChart::paint(QPainter& painter, QSize size) {
    const auto& theme = theme_->theme();
    const Surface surface(data());
    painter.setFont(textFont(type::kCaption));
    if (surface.isEmpty()) {
        painter.setPen(theme.text3);
        painter.drawText(QRect({}, size), Qt::AlignCenter, tr("The surface is not measured yet."));
        return;
    }
    const QRectF area(kPlaneLeft, kPlaneTop, size.width() - kPlaneLeft - kPlaneRight,
                      size.height() - kPlaneTop - kPlaneBottom);
    if (area.width() < 20 || area.height() < 20)
        return;
    painter.drawImage(area, imageOf(surface, area.size().toSize()));
    painter.setPen(theme.divider);
    painter.drawRect(area);
    const auto placeOf = [&](double x, double y) {
        return QPointF(area.left() +
                           (x - surface.left()) / (surface.right() - surface.left()) * area.width(),
                       area.bottom() - (y - surface.bottom()) / (surface.top() - surface.bottom()) *
                                           area.height());
    };

    painter.setPen(theme.axis);
    for (const double share : {0.0, 0.5, 1.0}) {
        const double x = surface.left() + share * (surface.right() - surface.left());
        const double y = surface.bottom() + share * (surface.top() - surface.bottom());
        painter.drawText(QRectF(area.left() + share * area.width() - 30, area.bottom() + 4, 60, 16),
                         Qt::AlignCenter, placeText(x));
        painter.drawText(QRectF(0, area.bottom() - share * area.height() - 8, kPlaneLeft - 8, 16),
                         Qt::AlignRight | Qt::AlignVCenter, placeText(y));
        painter.drawText(QRectF(area.right() + 18 + kScaleWidth,
                                area.bottom() - share * area.height() - 8, kPlaneRight - 24, 16),
                         Qt::AlignLeft | Qt::AlignVCenter, lossText(surface.lossAt(share)));
    }
    painter.drawText(QRectF(area.left(), area.bottom() + 20, area.width(), 16), Qt::AlignCenter,
                     painter.fontMetrics().elidedText(
                         tr("%1 across, %2 up; colours: loss")
                             .arg(nameOfAxis(data(), "x_name"), nameOfAxis(data(), "y_name")),
                         Qt::ElideRight, static_cast<int>(area.width())));
    const double band = area.height() / kBands;
    for (int i = 0; i < kBands; ++i)
        painter.fillRect(
            QRectF(area.right() + 12, area.bottom() - (i + 1) * band, kScaleWidth, band + 0.5),
            QColor(heatColor((i + 0.5) / kBands)));

    painter.setClipRect(area);
    const std::array colors{QColor(Qt::white), theme.validation, theme.run3, theme.run4};
    const auto paths = pathsIn(data());
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const auto& points = paths[i].points;
        QPainterPath line(placeOf(points.front().x, points.front().y));
        for (const auto& point : points)
            line.lineTo(placeOf(point.x, point.y));
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(QColor(0, 0, 0, 150), 4));
        painter.drawPath(line);
        painter.setPen(QPen(colors[i % colors.size()], 2));
        painter.drawPath(line);
        painter.setPen(QPen(Qt::black, 1));
        painter.setBrush(colors[i % colors.size()]);
        for (const auto& point : points)
            painter.drawEllipse(placeOf(point.x, point.y), 3, 3);
        const auto end = placeOf(points.back().x, points.back().y);
        painter.drawEllipse(end, 6, 6);
        const auto text = QStringLiteral("%1 %2").arg(paths[i].name, lossText(points.back().loss));
        painter.setFont(textFont(type::kDense, QFont::DemiBold));
        const double wide = painter.fontMetrics().horizontalAdvance(text) + 12;
        QRectF label(end.x() + 10, end.y() - 10, wide, 20);
        if (label.right() > area.right())
            label.moveRight(end.x() - 10);
        label.moveTop(std::clamp(label.top() + 24.0 * static_cast<double>(i % 2), area.top(),
                                 area.bottom() - 20));
        painter.setPen(Qt::NoPen);
        painter.setBrush(QColor(15, 20, 28, 215));
        painter.drawRoundedRect(label, 4, 4);
        painter.setPen(Qt::white);
        painter.drawText(label, Qt::AlignCenter, text);
    }
    painter.setClipping(false);
}

QString LandscapeChart::spokenText() const {
    const Surface surface(data());
    if (surface.isEmpty())
        return tr("not measured yet");
    QStringList parts{
        tr("loss from %1 to %2").arg(lossText(surface.lossAt(0)), lossText(surface.lossAt(1)))};
    for (const auto& path : pathsIn(data()))
        parts << tr("path of %1: %2, to loss %3")
                     .arg(path.name,
                          countedText(std::ssize(path.points), tr("1 point"), tr("%1 points")),
                          lossText(path.points.back().loss));
    return parts.join(QStringLiteral("; "));
}

QString LandscapeChart::csv() const {
    QString text;
    QTextStream out(&text);
    out << "x,y,loss\n";
    const auto x = placesIn(data(), "x"), y = placesIn(data(), "y");
    const auto rows = data().find("loss");
    for (std::size_t r = 0; rows != data().end() && r < rows->size() && r < y.size(); ++r)
        for (std::size_t c = 0; c < (*rows)[r].size() && c < x.size(); ++c) {
            const auto& loss = (*rows)[r][c];
            out << QString::number(x[c], 'g', 10) << ',' << QString::number(y[r], 'g', 10) << ','
                << (loss.is_number() ? QString::number(loss.get<double>(), 'g', 10) : QString())
                << '\n';
        }
    return text;
}

} // namespace gradwright
