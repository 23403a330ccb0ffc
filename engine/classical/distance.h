// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace gradwright {

/// The sum of (a - b)²; what is at least `limit` need not be exact.
double squaredDistance(const float* a, const float* b, std::size_t size, double limit);

} // namespace gradwright
