// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/measure.h"

#include "engine/metrics/quality.h"
#include "ui/theme/text.h"

#include <QCoreApplication>

#include <cmath>

namespace gradwright {
namespace {

constexpr double kThreeDecimalsFrom = 0.01;

} // namespace

bool Measure::isShare() const {
    return metric_ && metric_->format == MetricFormat::Share;
}

bool Measure::endsAtOne() const {
    return isShare() || (metric_ && metric_->format == MetricFormat::Coefficient);
}

QString Measure::name() const {
    return metric_ ? qstr(metric_->title) : QCoreApplication::translate("Measure", "Loss");
}

std::string Measure::place() const {
    return metric_ ? "metric/" + metric_->key : "window/loss";
}

QString Measure::text(double value) const {
    if (metric_)
        return qstr(valueText(*metric_, value));
    if (!std::isfinite(value))
        return QStringLiteral("NaN");
    // Three decimals would make 0.000 of a loss that still falls.
    const bool isSmall = value != 0 && std::abs(value) < kThreeDecimalsFrom;
    return isSmall ? QString::number(value, 'g', 2) : QString::number(value, 'f', 3);
}

} // namespace gradwright
