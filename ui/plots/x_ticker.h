// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/qcp.h"
#include "ui/plots/run_clock.h"

namespace gradwright {

inline constexpr int kMostXTicks = 12;

/// Ticks as the axis below all plots of a training has them.
class XTicker final : public QCPAxisTicker {
public:
    explicit XTicker(XUnit unit)
        : unit_(unit) {}

protected:
    double getTickStep(const QCPRange& range) override {
        return tickStep(unit_, range.size(), kMostXTicks);
    }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override {
        return tickText(unit_, tick);
    }

private:
    const XUnit unit_;
};

} // namespace gradwright
