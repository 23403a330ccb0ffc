// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"
#include "engine/ops/activation.h"
#include "ui/theme/spoken.h"
#include "ui/theme/theme_manager.h"

#include <QWidget>

#include <functional>
#include <optional>

namespace gradwright {

/// The function that a layer is or ends with, if it has one worth drawing.
std::optional<Activation> activationOf(const LayerDef& layer, const ParamValues& values);

/// A function of one number and its derivative.
struct Curve {
    std::function<double(double)> value;
    std::function<double(double)> slope;
    std::string formula;
};

/// What the layer computes of each number, if that is worth drawing: its activation, or a formula
/// of one input with its parameters at their first values.
std::optional<Curve> curveOf(const LayerDef& layer, const ParamValues& values);

/// The curve of a function of one number and, dashed, of its derivative; hovering reads a value.
class ActivationPlot final : public QWidget, public Spoken {
    Q_OBJECT
public:
    explicit ActivationPlot(const ThemeManager& themes, QWidget* parent = nullptr);

    void setCurve(Curve curve);
    [[nodiscard]] QSize sizeHint() const override { return {272, 124}; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    [[nodiscard]] QString spokenText() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    [[nodiscard]] QPointF toPixels(double x, double y) const;
    /// Draws on to (x, y), without a line where it is further than `jump` from the last one.
    void extend(QPainterPath& path, double x, double y, std::optional<double>& last,
                double jump) const;

    const ThemeManager* themes_;
    Curve curve_;
    std::optional<double> hovered_;
};

} // namespace gradwright
