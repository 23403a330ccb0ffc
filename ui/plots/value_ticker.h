// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/curve_plot.h"
#include "ui/plots/qcp.h"
#include "ui/plots/scale.h"

namespace gradwright {

/// Ticks at 1 and 3 of each decade on a logarithmic axis, at some of the decades where there are
/// many, as after a divergence; in steps of 1, 2, 5 on a linear one.
class ValueTicker final : public QCPAxisTicker {
public:
    ValueTicker(Measure measure, bool logarithmic)
        : measure_(measure)
        , logarithmic_(logarithmic) {
        setTickCount(5);
    }

protected:
    QVector<double> createTickVector(double tickStep, const QCPRange& range) override {
        if (!logarithmic_ || range.lower <= 0 || range.upper / range.lower < 10)
            return QCPAxisTicker::createTickVector(tickStep, range);
        QVector<double> ticks;
        const double first = std::floor(std::log10(range.lower));
        const double decades = std::log10(range.upper) - first;
        constexpr double kMostDecades = 7;
        const double stride = std::max(1.0, std::ceil(decades / kMostDecades));
        const bool withThrees = decades <= 4;
        for (double power = first; power <= std::log10(range.upper) + 1e-3; power += stride) {
            ticks << std::pow(10, power);
            if (withThrees)
                ticks << 3 * std::pow(10, power);
        }
        return ticks;
    }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override {
        if (!measure_.isShare())
            return shortReal(std::abs(tick) < 1e-12 ? 0 : tick);
        return QString::number(100 * tick, 'g', 4) + QStringLiteral(" %");
    }

private:
    const Measure measure_;
    const bool logarithmic_;
};

} // namespace gradwright
