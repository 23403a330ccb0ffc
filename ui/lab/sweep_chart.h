// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/lab/lab_chart.h"

namespace gradwright {

/// A sweep as parallel coordinates: an axis for each setting, with its importance above it, and one
/// for the result; a line for each trial, the better the brighter, the best one on top.
class SweepChart final : public LabChart {
    Q_OBJECT

public:
    explicit SweepChart(ThemeManager& theme, QWidget* parent = nullptr);

    [[nodiscard]] QString spokenText() const override;

protected:
    void paint(QPainter& painter, QSize size) override;
    [[nodiscard]] QString csv() const override;
};

} // namespace gradwright
