// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/scale.h"

#include <cmath>

namespace gradwright {
namespace {

constexpr double kTolerance = 1e-9; // 0.05 is not exactly 5 × 10⁻²

} // namespace

double roundUp125(double value) {
    const double decade = std::pow(10.0, std::floor(std::log10(value)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (value <= factor * decade * (1 + kTolerance))
            return factor * decade;
    return 10 * decade;
}

double roundDown125(double value) {
    const double decade = std::pow(10.0, std::floor(std::log10(value)));
    for (const double factor : {10.0, 5.0, 2.0})
        if (value >= factor * decade * (1 - kTolerance))
            return factor * decade;
    return decade;
}

QString shortReal(double value) {
    const double size = std::abs(value);
    if (value == 0 || (size >= 0.01 && size < 10'000))
        return QString::number(value, 'g', 3);
    QString text = QString::number(value, 'e', 1);
    text.replace(QStringLiteral(".0e"), QStringLiteral("e"));
    text.replace(QStringLiteral("e-0"), QStringLiteral("e-"));
    text.replace(QStringLiteral("e+0"), QStringLiteral("e"));
    text.replace(QStringLiteral("e+"), QStringLiteral("e"));
    return text;
}

QString percent(double share, int decimals) {
    return QString::number(100 * share, 'f', decimals) + QStringLiteral(" %");
}

} // namespace gradwright
