// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

namespace gradwright {

/// Some values of one quantity.
struct Spread {
    std::size_t count = 0; ///< of the finite ones, which the rest is about
    double mean = 0;
    double deviation = 0; ///< of the sample (n - 1); 0 for one value
    double least = 0;
    double most = 0;
    double median = 0; ///< the mean of the middle two where the number is even
};

Spread spreadOf(std::span<const double> values);

} // namespace gradwright
