// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradwright::onednn {

/// The nearest numbers that bfloat16 has, ties to even; NaN stays NaN. May work in place.
void roundToBf16(float* out, const float* in, std::size_t size);

/// The same on the thread that calls: for pieces of a few thousand elements.
void roundRun(float* out, const float* in, std::size_t size);
/// The same to bfloat16 itself.
void roundRun(std::uint16_t* out, const float* in, std::size_t size);

} // namespace gradwright::onednn
