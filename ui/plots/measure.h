// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace gradwright {

/// What a plot or a figure is about. A Score's accuracy is a share of right answers where samples
/// have a class, and the coefficient of determination R² where they have target values.
enum class Measure { Loss, Accuracy, Determination };

inline Measure qualityMeasure(bool hasClasses) {
    return hasClasses ? Measure::Accuracy : Measure::Determination;
}

/// "Loss", "Accuracy", "R²".
QString measureName(Measure measure);
/// "0.031", "97.89 %", "0.912"; "NaN" where it is not finite.
QString measureText(Measure measure, double value);

} // namespace gradwright
