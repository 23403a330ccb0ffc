// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/byte_scaling.h"

#include "engine/support/simd.h"

#include <cstddef>

namespace gradwright {
namespace {

GRADWRIGHT_CLONES
void scale(const std::uint8_t* bytes, std::size_t count, float factor, float offset, float* out) {
    for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<float>(bytes[i]) * factor + offset;
}

} // namespace

void scaleBytes(std::span<const std::uint8_t> bytes, float factor, float offset, float* out) {
    scale(bytes.data(), bytes.size(), factor, offset, out);
}

void scaleBytes(std::span<const std::uint8_t> sample, const ByteScaling& scaling, float* out) {
    const auto channels = scaling.factors.size();
    const auto plane = sample.size() / channels;
    for (std::size_t c = 0; c < channels; ++c)
        scaleBytes(sample.subspan(c * plane, plane), scaling.factors[c], scaling.offsets[c],
                   out + c * plane);
}

} // namespace gradwright
