// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/packed_dense.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/simd.h"

#include <algorithm>
#include <array>
#include <vector>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 32768; // products
constexpr std::size_t kLanes = 16;    // sums side by side, in a fixed order

/// Two numbers of each byte, without their scales.
GRADWRIGHT_CLONES
void unpackRow(float* row, const std::int8_t* bytes, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const auto byte = static_cast<std::int32_t>(bytes[i]);
        row[2 * i] = static_cast<float>(((byte & 15) ^ 8) - 8);
        row[2 * i + 1] = static_cast<float>(byte >> 4);
    }
}

GRADWRIGHT_CLONES
void scaleRun(float* row, std::size_t size, float scale) {
    for (std::size_t i = 0; i < size; ++i)
        row[i] *= scale;
}

GRADWRIGHT_CLONES
float dotRow(const float* a, const float* b, std::size_t size) {
    std::array<float, kLanes> sums{};
    std::size_t i = 0;
    for (; i + kLanes <= size; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            sums[lane] += a[i + lane] * b[i + lane];
    float sum = 0;
    for (const float part : sums)
        sum += part;
    for (; i < size; ++i)
        sum += a[i] * b[i];
    return sum;
}

} // namespace

void multiplyPacked(const PackedDenseOp& op, std::size_t rows, float* out, const float* x,
                    const std::int8_t* kernel, const float* bias, const float* addend) {
    const auto units = static_cast<std::size_t>(op.units);
    const auto features = static_cast<std::size_t>(op.features);
    const auto bytes = static_cast<std::size_t>(op.rowBytes());
    const auto group = static_cast<std::size_t>(op.group);
    const auto groups = static_cast<std::size_t>(op.groups());
    const auto grain = std::max<std::size_t>(kGrain / (features * (rows + 1)), 1);
    forChunks(units, grain, [&](std::size_t begin, std::size_t end) {
        std::vector<float> row(2 * bytes);
        for (auto unit = begin; unit < end; ++unit) {
            unpackRow(row.data(), kernel + unit * bytes, bytes);
            for (std::size_t g = 0; g < groups; ++g)
                scaleRun(row.data() + g * group, std::min(group, features - g * group),
                         op.scales[unit * groups + g]);
            for (std::size_t n = 0; n < rows; ++n) {
                const auto at = n * units + unit;
                out[at] = dotRow(row.data(), x + n * features, features) +
                          (bias ? bias[unit] : 0.0F) + (addend ? addend[at] : 0.0F);
            }
        }
    });
}

} // namespace gradwright::onednn
