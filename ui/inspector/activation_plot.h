// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"
#include "engine/ops/activation.h"
#include "ui/theme/theme_manager.h"

#include <QWidget>

#include <optional>

namespace gradwright {

/// The function that a layer is or ends with, if it has one worth drawing.
std::optional<Activation> activationOf(const LayerDef& layer, const ParamValues& values);

/// The curve of an activation function and, dashed, of its derivative; hovering reads a value.
class ActivationPlot final : public QWidget {
    Q_OBJECT
public:
    explicit ActivationPlot(const ThemeManager& themes, QWidget* parent = nullptr);

    void setActivation(const Activation& activation);
    [[nodiscard]] QSize sizeHint() const override { return {272, 124}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    [[nodiscard]] QPointF toPixels(double x, double y) const;

    const ThemeManager* themes_;
    Activation activation_;
    std::optional<double> hovered_;
};

} // namespace gradwright
