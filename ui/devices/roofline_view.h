// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/rates/network_speed.h"
#include "ui/theme/spoken.h"
#include "ui/theme/theme_manager.h"

#include <QWidget>

#include <optional>

namespace gradwright {

/// Layers under their roofs on two logarithmic axes: operations a byte to the right, operations a
/// second upwards. A layer's point stands on the roof, at what it can reach; the line below is what
/// the whole step was measured to reach. Hovering names a layer.
class RooflineView final : public QWidget, public Spoken {
    Q_OBJECT
public:
    explicit RooflineView(const ThemeManager& themes, QWidget* parent = nullptr);

    void setSpeed(const NetworkSpeed& speed);
    /// Where a layer's point is drawn; nothing for layers that compute nothing.
    [[nodiscard]] std::optional<QPointF> pointOf(std::size_t layer) const;
    /// What is said of a layer.
    [[nodiscard]] QString tip(std::size_t layer) const;
    /// The layer whose point is near a place, the nearest.
    [[nodiscard]] std::optional<std::size_t> layerAt(const QPointF& place) const;

    [[nodiscard]] QSize sizeHint() const override { return {640, 320}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {320, 200}; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] QRectF area() const;
    [[nodiscard]] QPointF placeOf(double intensity, double rate) const;

    const ThemeManager* themes_;
    NetworkSpeed speed_;
    int left_ = -1, right_ = 2; ///< powers of ten of operations a byte
    int low_ = 9, high_ = 12;   ///< and of operations per second
};

} // namespace gradwright
