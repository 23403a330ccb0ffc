// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace gradwright::onednn {

/// The nearest numbers that bfloat16 has, ties to even; NaN stays NaN. May work in place.
void roundToHalf(float* out, const float* in, std::size_t size);

} // namespace gradwright::onednn
