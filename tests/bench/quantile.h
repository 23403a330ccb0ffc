// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace gradwright {

/// The smallest value that at least the share `q` of all values does not exceed (nearest rank);
/// `values` is not empty.
inline double quantile(std::vector<double> values, double q) {
    std::ranges::sort(values);
    const auto rank = std::ceil(q * static_cast<double>(values.size()));
    const auto index = static_cast<std::size_t>(std::max(rank - 1, 0.0));
    return values[std::min(index, values.size() - 1)];
}

inline double median(const std::vector<double>& values) {
    return quantile(values, 0.5);
}

} // namespace gradwright
