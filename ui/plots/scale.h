// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace gradwright {

/// The smallest of 1, 2, 5 × 10ⁿ that is not less than `value` (> 0).
double roundUp125(double value);
/// The largest that is not more.
double roundDown125(double value);

/// "1e-3", "0.03", "2.5e-4": as short as a tick's label wants it.
QString shortReal(double value);
/// "98.7 %".
QString percent(double share, int decimals);

} // namespace gradwright
