// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json.h"

#include <QColor>
#include <QString>

#include <cmath>
#include <optional>
#include <vector>

namespace gradwright {

struct Theme;

/// What has been measured of a cost surface so far, from the `data` of its report. Its height is
/// the logarithm of the loss, as a share of what lies between the lowest and the highest one. While
/// paths are trained there is only a frame: that of the surface, or of what surrounds the paths
/// where the surface's plane is not known yet.
class LossSurface {
public:
    explicit LossSurface(const Json& data);

    /// Nothing has been measured.
    [[nodiscard]] bool isEmpty() const { return !(low_ <= high_); }
    /// It has sides: left() and the like may be asked.
    [[nodiscard]] bool hasFrame() const { return x_.size() > 1 && y_.size() > 1; }
    [[nodiscard]] double left() const { return x_.front(); }
    [[nodiscard]] double right() const { return x_.back(); }
    [[nodiscard]] double bottom() const { return y_.front(); }
    [[nodiscard]] double top() const { return y_.back(); }
    [[nodiscard]] std::size_t columns() const { return x_.size(); }
    [[nodiscard]] std::size_t rows() const { return y_.size(); }
    /// The loss at a share of the height.
    [[nodiscard]] double lossAt(double share) const {
        return std::exp(low_ + share * (high_ - low_));
    }
    /// The height at a place, bilinear between what was measured; nothing where it was not.
    [[nodiscard]] std::optional<double> shareAt(double x, double y) const;
    /// The same at a share of the width and of the depth, both from 0 to 1.
    [[nodiscard]] std::optional<double> shareWithin(double across, double up) const {
        return shareAt(left() + across * (right() - left()), bottom() + up * (top() - bottom()));
    }
    [[nodiscard]] double acrossOf(double x) const { return (x - left()) / (right() - left()); }
    [[nodiscard]] double upOf(double y) const { return (y - bottom()) / (top() - bottom()); }

private:
    [[nodiscard]] std::optional<double> at(std::size_t row, std::size_t column) const;
    void surround(const Json& data);

    std::vector<double> x_, y_;
    std::vector<std::vector<std::optional<double>>> losses_; ///< logarithms
    double low_ = HUGE_VAL, high_ = -HUGE_VAL;
};

struct SurfacePoint {
    double x = 0, y = 0;
    double loss = 0; ///< not a number where it was none
};
/// The way of an optimizer.
struct SurfacePath {
    QString name;
    std::vector<SurfacePoint> points; ///< one at least
};
std::vector<SurfacePath> surfacePaths(const Json& data);
/// Whether the paths lie in a plane of what is known of them so far.
bool isProvisional(const Json& data);

/// Of the path of that number.
QColor pathColor(const Theme& theme, std::size_t number);
/// "Adam 0.12": a path and where it ends.
QString pathText(const SurfacePath& path);

QString lossText(double loss);
/// A place on an axis.
QString placeText(double place);

} // namespace gradwright
