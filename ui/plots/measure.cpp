// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/measure.h"

#include "ui/plots/scale.h"

#include <QCoreApplication>

#include <cmath>

namespace gradwright {

QString measureName(Measure measure) {
    switch (measure) {
    case Measure::Loss:
        return QCoreApplication::translate("Measure", "Loss");
    case Measure::Accuracy:
        return QCoreApplication::translate("Measure", "Accuracy");
    case Measure::Determination:
        break;
    }
    return QStringLiteral("R²");
}

QString measureText(Measure measure, double value) {
    if (!std::isfinite(value))
        return QStringLiteral("NaN");
    return measure == Measure::Accuracy ? percent(value, 2) : QString::number(value, 'f', 3);
}

} // namespace gradwright
