// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace gradwright {

/// Makes probabilities of logarithms that are right but for a constant.
inline void softmax(std::span<double> values) {
    const auto largest = *std::ranges::max_element(values);
    double sum = 0;
    for (auto& value : values)
        sum += value = std::exp(value - largest);
    for (auto& value : values)
        value /= sum;
}

} // namespace gradwright
