// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/spoken.h"
#include "ui/theme/theme_manager.h"

#include <QWidget>

#include <functional>
#include <vector>

namespace gradwright {

/// A peak and what was measured of it, 0 where unknown.
struct RateBar {
    QString device;
    QString what; ///< "FP32"
    double peak = 0;
    double measured = 0;
    bool isReference = false; ///< a card that is not in this computer
};

/// Rates as bars on a logarithmic axis: the peak as a frame, what was measured filled, both from
/// the axis' left end. Bars of one device stand together.
class RateBars final : public QWidget, public Spoken {
    Q_OBJECT
public:
    /// `text` writes a rate with its unit.
    RateBars(const ThemeManager& themes, std::function<QString(double)> text,
             QWidget* parent = nullptr);

    /// Those without any number are left out.
    void setBars(std::vector<RateBar> bars);
    [[nodiscard]] const std::vector<RateBar>& bars() const { return bars_; }
    /// Where a rate is on the axis, from 0 to 1; the ends are powers of ten.
    [[nodiscard]] double position(double rate) const;

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] QRect barRect(std::size_t bar) const;
    [[nodiscard]] QString tip(const RateBar& bar) const;
    [[nodiscard]] int axisHeight() const;

    const ThemeManager* themes_;
    std::function<QString(double)> text_;
    std::vector<RateBar> bars_;
    int low_ = 9, high_ = 12; ///< powers of ten at the axis' ends
};

} // namespace gradwright
