// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/loss_surface.h"

#include "ui/theme/theme.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

std::vector<double> placesIn(const Json& data, const char* key) {
    const auto found = data.find(key);
    return found == data.end() ? std::vector<double>() : found->get<std::vector<double>>();
}

} // namespace

LossSurface::LossSurface(const Json& data)
    : x_(placesIn(data, "x"))
    , y_(placesIn(data, "y")) {
    if (!hasFrame())
        surround(data);
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

/// The square around the paths, with a margin.
void LossSurface::surround(const Json& data) {
    double left = HUGE_VAL, right = -HUGE_VAL, bottom = HUGE_VAL, top = -HUGE_VAL;
    for (const auto& path : surfacePaths(data))
        for (const auto& point : path.points) {
            left = std::min(left, point.x);
            right = std::max(right, point.x);
            bottom = std::min(bottom, point.y);
            top = std::max(top, point.y);
        }
    if (!(left <= right))
        return;
    constexpr double kRoom = 0.6; // of the longer side, to each side of the middle
    const double extent = std::max(right - left, top - bottom);
    const double half = extent > 0 ? kRoom * extent : 1;
    x_ = {(left + right) / 2 - half, (left + right) / 2 + half};
    y_ = {(bottom + top) / 2 - half, (bottom + top) / 2 + half};
}

std::optional<double> LossSurface::shareAt(double x, double y) const {
    const double column = acrossOf(x) * static_cast<double>(x_.size() - 1);
    const double row = upOf(y) * static_cast<double>(y_.size() - 1);
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

std::optional<double> LossSurface::at(std::size_t row, std::size_t column) const {
    return row < losses_.size() && column < losses_[row].size() ? losses_[row][column]
                                                                : std::nullopt;
}

std::vector<SurfacePath> surfacePaths(const Json& data) {
    std::vector<SurfacePath> paths;
    const auto found = data.find("paths");
    if (found == data.end())
        return paths;
    for (const auto& each : *found) {
        SurfacePath path{QString::fromStdString(each.value("name", std::string())), {}};
        for (const auto& point : each.at("points"))
            if (point.size() >= 4 && point[0].is_number() && point[1].is_number())
                path.points.push_back(
                    {point[0], point[1], point[3].is_number() ? point[3].get<double>() : NAN});
        if (!path.points.empty())
            paths.push_back(std::move(path));
    }
    return paths;
}

bool isProvisional(const Json& data) {
    return data.value("provisional", false);
}

QColor pathColor(const Theme& theme, std::size_t number) {
    const std::array colors{QColor(Qt::white), theme.validation, theme.run3, theme.run4};
    return colors[number % colors.size()];
}

QString pathText(const SurfacePath& path) {
    return QStringLiteral("%1 %2").arg(path.name, lossText(path.points.back().loss));
}

QString lossText(double loss) {
    return std::isfinite(loss) ? QString::number(loss, 'g', 3)
                               : QCoreApplication::translate("LossSurface", "none");
}

QString placeText(double place) {
    const bool isLong = std::abs(place) >= 100 && std::abs(place) < 1e6; // "-130", not "-1.3e+02"
    return (isLong ? QString::number(std::round(place), 'f', 0) : QString::number(place, 'g', 2))
        .replace(u'-', QChar(0x2212));
}

} // namespace gradwright
