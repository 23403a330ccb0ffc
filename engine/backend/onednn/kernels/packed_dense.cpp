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

/// The low halves of all bytes times a scale for each run of `run` bytes, then the high ones.
GRADWRIGHT_CLONES
void unpackRuns(float* row, const std::int8_t* bytes, std::size_t size, std::size_t run,
                const float* scales) {
    auto* high = row + size;
    for (std::size_t first = 0; first < size; first += run) {
        const auto end = std::min(first + run, size);
        const float scale = *scales++;
        for (auto i = first; i < end; ++i) {
            const auto byte = static_cast<std::int32_t>(bytes[i]);
            row[i] = static_cast<float>(((byte & 15) ^ 8) - 8) * scale;
            high[i] = static_cast<float>(byte >> 4) * scale;
        }
    }
}

/// The same where runs of `group` features begin or end within a byte.
void unpackOddRuns(float* row, const std::int8_t* bytes, std::size_t size, std::size_t features,
                   std::size_t group, const float* scales) {
    row[2 * size - 1] = 0; // of an odd number of features
    for (std::size_t f = 0; f < features; ++f)
        row[f / 2 + f % 2 * size] =
            static_cast<float>(unpackedInteger(bytes[f / 2], f % 2 == 1)) * scales[f / group];
}

/// Rows of x with the even features in front of the odd ones, as kernels are unpacked.
void sortFeatures(float* sorted, const float* x, std::size_t features) {
    const auto half = (features + 1) / 2;
    sorted[2 * half - 1] = 0;
    for (std::size_t f = 0; f < features; ++f)
        sorted[f / 2 + f % 2 * half] = x[f];
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
    const bool isEven = group % 2 == 0 || groups == 1;
    const auto run = groups == 1 ? bytes : group / 2;
    std::vector<float> sorted(rows * 2 * bytes);
    for (std::size_t n = 0; n < rows; ++n)
        sortFeatures(sorted.data() + n * 2 * bytes, x + n * features, features);
    const auto grain = std::max<std::size_t>(kGrain / (features * (rows + 1)), 1);
    forChunks(units, grain, [&](std::size_t begin, std::size_t end) {
        std::vector<float> row(2 * bytes);
        for (auto unit = begin; unit < end; ++unit) {
            const auto* packed = kernel + unit * bytes;
            const auto* scales = op.scales.data() + unit * groups;
            if (isEven)
                unpackRuns(row.data(), packed, bytes, run, scales);
            else
                unpackOddRuns(row.data(), packed, bytes, features, group, scales);
            for (std::size_t n = 0; n < rows; ++n) {
                const auto at = n * units + unit;
                out[at] = dotRow(row.data(), sorted.data() + n * 2 * bytes, 2 * bytes) +
                          (bias ? bias[unit] : 0.0F) + (addend ? addend[at] : 0.0F);
            }
        }
    });
}

} // namespace gradwright::onednn
