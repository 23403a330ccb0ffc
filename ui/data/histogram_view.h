// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/statistics.h"
#include "ui/theme/spoken.h"

#include <QWidget>

namespace gradwright {

class ThemeManager;

/// How often the values of a column lie where: bars side by side, with the ends of the axis in the
/// column's own unit.
class HistogramView final : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit HistogramView(const ThemeManager& themes, QWidget* parent = nullptr);

    void setHistogram(Histogram histogram);
    [[nodiscard]] const Histogram& histogram() const { return histogram_; }

    [[nodiscard]] QSize sizeHint() const override { return {220, 110}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {160, 110}; }
    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    [[nodiscard]] QString spokenText() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] QRectF area() const;
    [[nodiscard]] QString textOf(std::size_t bin) const;

    const ThemeManager* themes_;
    Histogram histogram_;
};

} // namespace gradwright
