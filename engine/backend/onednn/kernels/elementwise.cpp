// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/elementwise.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/simd.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 16384;       // elements
constexpr std::size_t kByteGrain = 1 << 17; // a copy of less is not worth a second thread

GRADWRIGHT_CLONES
void addPiece(float* out, const float* a, const float* b, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = a[i] + b[i];
}

GRADWRIGHT_CLONES
void multiplyPiece(float* x, const float* factor, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        x[i] *= factor[i];
}

} // namespace

void addInto(float* out, const float* a, const float* b, std::size_t size) {
    forChunks(size, kGrain, [=](std::size_t begin, std::size_t end) {
        addPiece(out + begin, a + begin, b + begin, end - begin);
    });
}

void multiplyInto(float* x, const float* factor, std::size_t size) {
    forChunks(size, kGrain, [=](std::size_t begin, std::size_t end) {
        multiplyPiece(x + begin, factor + begin, end - begin);
    });
}

void copyBytes(std::byte* target, const std::byte* source, std::size_t size) {
    forChunks(size, kByteGrain, [=](std::size_t begin, std::size_t end) {
        std::memcpy(target + begin, source + begin, end - begin);
    });
}

void scaleSamples(float* out, const std::uint8_t* bytes, const ByteScaling& scaling,
                  std::size_t samples, std::size_t elements) {
    const auto grain = std::max<std::size_t>(1, kGrain / elements);
    forChunks(samples, grain, [&](std::size_t begin, std::size_t end) {
        for (auto i = begin; i < end; ++i)
            scaleBytes({bytes + i * elements, elements}, scaling, out + i * elements);
    });
}

void zeroBytes(std::byte* target, std::size_t size) {
    forChunks(size, kByteGrain, [=](std::size_t begin, std::size_t end) {
        std::memset(target + begin, 0, end - begin);
    });
}

GRADWRIGHT_CLONES
double sumOfSquares(const float* x, std::size_t size) {
    // Independent sums let the loop become vector code without reordering a single one.
    constexpr std::size_t lanes = 16;
    std::array<double, lanes> sums{};
    const auto whole = size / lanes * lanes;
    for (std::size_t i = 0; i < whole; i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const auto value = static_cast<double>(x[i + lane]);
            sums[lane] += value * value;
        }
    double sum = 0;
    for (auto i = whole; i < size; ++i)
        sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    for (const double lane : sums)
        sum += lane;
    return sum;
}

void copyRuns(std::byte* out, const std::byte* in, std::size_t inWidth, std::size_t rows,
              std::size_t length) {
    const auto grain = std::max<std::size_t>(1, kByteGrain / length);
    forChunks(rows, grain, [=](std::size_t begin, std::size_t end) {
        for (auto row = begin; row < end; ++row)
            std::memcpy(out + row * length, in + row * inWidth, length);
    });
}

void copyColumns(float* out, std::size_t outWidth, const float* in, std::size_t inWidth,
                 std::size_t rows, std::size_t columns) {
    const auto grain = std::max<std::size_t>(1, kGrain / std::max(outWidth, inWidth));
    forChunks(rows, grain, [=](std::size_t begin, std::size_t end) {
        for (auto row = begin; row < end; ++row) {
            auto* rest = std::copy_n(in + row * inWidth, columns, out + row * outWidth);
            std::fill_n(rest, outWidth - columns, 0.0F);
        }
    });
}

} // namespace gradwright::onednn
