// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/quantization/byte_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {

Quantization quantizationFor(const ValueRange& range, ByteKind kind) {
    constexpr double steps = 255;
    const auto scaleOf = [](double whole, double count) {
        return std::max(static_cast<float>(whole / count), std::numeric_limits<float>::min());
    };
    if (range.least == range.most) // all that was seen is 0
        return {DType::U8, 1, 0};
    if (range.least >= 0)
        return {DType::U8, scaleOf(range.most, steps), 0};
    if (kind == ByteKind::Signed)
        return {DType::I8, scaleOf(std::max(-range.least, range.most), 127), 0};
    const float scale = scaleOf(range.most - range.least, steps);
    const auto zero = std::clamp(std::nearbyint(-range.least / double{scale}), 0.0, steps);
    return {DType::U8, scale, static_cast<std::int32_t>(zero)};
}

} // namespace gradwright
