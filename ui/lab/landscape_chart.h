// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/lab/lab_chart.h"

namespace gradwright {

/// A cost surface from above: the loss over two directions as colours and lines of equal loss, by
/// its logarithm, with the paths of optimizers on it. Rows appear as they are measured.
class LandscapeChart final : public LabChart {
    Q_OBJECT

public:
    explicit LandscapeChart(ThemeManager& theme, QWidget* parent = nullptr);

    [[nodiscard]] QString spokenText() const override;

protected:
    void paint(QPainter& painter, QSize size) override;
    [[nodiscard]] QString csv() const override;
};

} // namespace gradwright
