// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_overlay.h"
#include "ui/steps/batch_steps.h"

namespace gradwright {

/// How far a gradient is from 0 on the canvas: 1 for the largest, 0 for four decades less or none.
double gradientStrength(double gradient, double largest);

/// The numbers of the step that is shown, on the canvas.
class StepOverlay final : public CanvasOverlay {
public:
    StepOverlay(const BatchSteps& steps, const CanvasContext& canvas)
        : steps_(&steps)
        , canvas_(&canvas) {}

    /// Another trace is shown.
    void refresh();

    [[nodiscard]] std::optional<NodeOverlay> node(NodeId id) const override;
    [[nodiscard]] std::optional<LinkOverlay> link(LinkId id) const override;

private:
    [[nodiscard]] NodeOverlay output(const Node& node) const;
    [[nodiscard]] NodeOverlay update(const Node& node) const;
    [[nodiscard]] NodeOverlay gradient(ValueId value) const;
    [[nodiscard]] bool isPartOfCost(ValueId value) const;
    [[nodiscard]] QColor tint(const QColor& ground, double strength) const;

    const BatchSteps* steps_;
    const CanvasContext* canvas_;
    double largest_ = 0; ///< of the gradients' root mean squares
};

} // namespace gradwright
