// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/watch.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace gradwright {

/// The ends of the spectrum of a symmetric matrix, such as a loss' Hessian.
struct Sharpness {
    double largest = 0;
    double smallest = 0;
    std::int64_t products = 0; ///< of the matrix with a vector
    /// Whether the largest one is within `tolerance` of an eigenvalue: the residual says so.
    bool hasConverged = false;
};

/// By Lanczos' method with full reorthogonalization, from a random vector. Throws FitStopped when
/// stopped.
Sharpness
sharpness(const std::function<std::vector<double>(const std::vector<double>&)>& timesMatrix,
          std::size_t size, std::int64_t mostProducts, double tolerance, std::uint64_t seed,
          const Watch& watch);

} // namespace gradwright
