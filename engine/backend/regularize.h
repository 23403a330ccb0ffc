// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/update_rule.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradwright {

// The parts of Regularization on one run of elements, in whatever layout. All keep zeros zero.

/// Adds the gradients of the penalties and clamps.
template <class T>
void regularizeGradient(const Regularization& rule, bool isKernel, T* gradient, const T* weight,
                        std::size_t size) {
    const auto l1 = static_cast<T>(isKernel ? rule.l1 : 0);
    const auto l2 = static_cast<T>(isKernel ? rule.l2 : 0);
    if (l1 > 0 || l2 > 0)
        for (std::size_t i = 0; i < size; ++i) {
            const T sign = static_cast<T>(weight[i] > 0) - static_cast<T>(weight[i] < 0);
            gradient[i] += l1 * sign + l2 * weight[i];
        }
    const auto limit = static_cast<T>(rule.clipValue);
    if (limit > 0)
        for (std::size_t i = 0; i < size; ++i)
            gradient[i] = std::clamp(gradient[i], -limit, limit);
}

template <class T>
void scale(T* values, double factor, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        values[i] *= static_cast<T>(factor);
}

template <class T>
double squaresOf(const T* values, std::size_t size) {
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i)
        sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    return sum;
}

/// weight -= rate · direction.
template <class T>
void follow(T* weight, const T* direction, double rate, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        weight[i] -= static_cast<T>(rate) * direction[i];
}

template <class T>
void average(T* mean, const T* weight, double decay, std::uint64_t step, std::size_t size) {
    const auto keep = static_cast<T>(step <= 1 ? 0 : decay);
    for (std::size_t i = 0; i < size; ++i)
        mean[i] = keep * mean[i] + (1 - keep) * weight[i];
}

/// `row(i)` gives the row of element i, or a negative number for padding; `squares` has room for
/// all rows.
template <class T, class Row>
void limitRows(T* weight, std::size_t size, double maxNorm, std::vector<double>& squares,
               const Row& row) {
    std::ranges::fill(squares, 0.0);
    for (std::size_t i = 0; i < size; ++i)
        if (const auto r = row(i); r >= 0)
            squares[static_cast<std::size_t>(r)] +=
                static_cast<double>(weight[i]) * static_cast<double>(weight[i]);
    for (auto& square : squares)
        square = square > maxNorm * maxNorm ? maxNorm / std::sqrt(square) : 1.0;
    for (std::size_t i = 0; i < size; ++i)
        if (const auto r = row(i); r >= 0)
            weight[i] *= static_cast<T>(squares[static_cast<std::size_t>(r)]);
}

} // namespace gradwright
