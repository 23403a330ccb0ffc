// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/convert_bytes.h"

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

} // namespace gradwright
