// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/lab/lab_chart.h"

namespace gradwright {

/// Batch sizes: the best validation error as a line on a logarithmic scale with its spread over the
/// seeds, samples per second as bars, and the sweet spot.
class BatchSizeChart final : public LabChart {
    Q_OBJECT

public:
    explicit BatchSizeChart(ThemeManager& theme, QWidget* parent = nullptr);

    [[nodiscard]] QString spokenText() const override;

protected:
    void paint(QPainter& painter, QSize size) override;
    [[nodiscard]] QString csv() const override;
};

} // namespace gradwright
