// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/bf16.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/simd.h"

#include <bit>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 16384;

/// The upper 16 bits are those of the nearest bfloat16.
inline std::uint32_t rounded(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t nearest = bits + 0x7fffU + ((bits >> 16U) & 1U);
    // Rounding up may carry a NaN's payload into its sign.
    const bool isNan = (bits & 0x7fffffffU) > 0x7f800000U;
    return isNan ? bits | 0x00400000U : nearest;
}

} // namespace

GRADWRIGHT_CLONES
void roundRun(float* out, const float* in, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = std::bit_cast<float>(rounded(in[i]) & 0xffff0000U);
}

GRADWRIGHT_CLONES
void roundRun(std::uint16_t* out, const float* in, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::uint16_t>(rounded(in[i]) >> 16U);
}

void roundToBf16(float* out, const float* in, std::size_t size) {
    forChunks(size, kGrain, [=](std::size_t begin, std::size_t end) {
        roundRun(out + begin, in + begin, end - begin);
    });
}

} // namespace gradwright::onednn
