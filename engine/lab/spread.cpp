// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/spread.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gradwright {

Spread spreadOf(std::span<const double> values) {
    std::vector<double> finite;
    std::ranges::copy_if(values, std::back_inserter(finite),
                         [](double value) { return std::isfinite(value); });
    Spread spread;
    spread.count = finite.size();
    if (finite.empty())
        return spread;
    std::ranges::sort(finite);
    const auto count = static_cast<double>(finite.size());
    for (const auto value : finite)
        spread.mean += value / count;
    double squares = 0;
    for (const auto value : finite)
        squares += (value - spread.mean) * (value - spread.mean);
    if (finite.size() > 1)
        spread.deviation = std::sqrt(squares / (count - 1));
    spread.least = finite.front();
    spread.most = finite.back();
    const auto middle = finite.size() / 2;
    spread.median =
        finite.size() % 2 == 1 ? finite[middle] : (finite[middle - 1] + finite[middle]) / 2;
    return spread;
}

} // namespace gradwright
