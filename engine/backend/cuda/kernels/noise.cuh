// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/channels.cuh"
#include "engine/backend/cuda/kernels/noise.h"

namespace gradwright::cuda::kernels {

/// Four random numbers of 32 bits.
struct RandomWords {
    std::uint32_t x0, x1, x2, x3;
};

/// Philox4x32-10 as gradwright::Rng has it: block `counter` of the stream.
__device__ inline RandomWords randomBlock(std::uint64_t seed, const NoiseStream& stream,
                                          std::uint64_t counter) {
    RandomWords c{static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
                  stream.stream, stream.substream};
    auto key0 = static_cast<std::uint32_t>(seed);
    auto key1 = static_cast<std::uint32_t>(seed >> 32);
    GRADWRIGHT_UNROLL
    for (int round = 0; round < 10; ++round) {
        constexpr std::uint32_t kMultiplier0 = 0xD2511F53;
        constexpr std::uint32_t kMultiplier1 = 0xCD9E8D57;
        c = {__umulhi(kMultiplier1, c.x2) ^ c.x1 ^ key0, kMultiplier1 * c.x2,
             __umulhi(kMultiplier0, c.x0) ^ c.x3 ^ key1, kMultiplier0 * c.x0};
        key0 += 0x9E3779B9;
        key1 += 0xBB67AE85;
    }
    return c;
}

/// The block with the first number of the step: each step owns 2^40 numbers.
__device__ inline std::uint64_t firstBlockOf(const StepScalars* scalars) {
    return (scalars->step << 40) / 4;
}

/// Each thread makes four decisions from one block of random numbers.
__device__ inline void dropout(const float* x, float* y, std::size_t size, std::uint64_t threshold,
                               float scale, const NoiseStream& stream, const StepScalars* scalars) {
    const std::uint64_t first = firstBlockOf(scalars);
    for (std::size_t block = firstElement(); block < (size + 3) / 4; block += allThreads()) {
        const RandomWords random = randomBlock(scalars->seed, stream, first + block);
        const auto decide = [&](std::size_t i, std::uint32_t bits) {
            if (i < size)
                y[i] = bits >= threshold ? x[i] * scale : 0.0F;
        };
        decide(4 * block, random.x0);
        decide(4 * block + 1, random.x1);
        decide(4 * block + 2, random.x2);
        decide(4 * block + 3, random.x3);
    }
}

__device__ inline void dropoutRows(const float* x, float* y, std::size_t size, std::size_t length,
                                   std::uint64_t threshold, float scale, const NoiseStream& stream,
                                   const StepScalars* scalars) {
    const std::uint64_t first = firstBlockOf(scalars);
    forEachInRows(size, length, [&](std::size_t row, std::size_t i) {
        const RandomWords random = randomBlock(scalars->seed, stream, first + row / 4);
        const std::uint32_t low = row % 2 == 0 ? random.x0 : random.x1;
        const std::uint32_t high = row % 2 == 0 ? random.x2 : random.x3;
        y[i] = (row % 4 < 2 ? low : high) >= threshold ? x[i] * scale : 0.0F;
    });
}

struct SinCos {
    float sin, cos;
};

/// Sine and cosine of 2π · (quarter / 4 + rest) for rest in [-1/8, 1/8], by Taylor series, as the
/// CPU's noise has them.
__device__ inline SinCos sinCosOfTurn(unsigned quarter, float rest) {
    const float x = rest * 6.28318531F;
    const float z = x * x;
    const float s = x * (1.0F - z * (1.0F / 6.0F - z * (1.0F / 120.0F - z * (1.0F / 5040.0F))));
    const float c =
        1.0F - z * (0.5F - z * (1.0F / 24.0F - z * (1.0F / 720.0F - z * (1.0F / 40320.0F))));
    switch (quarter % 4) {
    case 0:
        return {s, c};
    case 1:
        return {c, -s};
    case 2:
        return {-s, -c};
    default:
        return {-c, s};
    }
}

/// Two normal numbers of two uniform ones (Box, Muller 1958).
__device__ inline SinCos normalPair(std::uint32_t forRadius, std::uint32_t forAngle,
                                    float deviation) {
    // In (0, 1): never 0, whose logarithm is infinite.
    const float u = (static_cast<float>(forRadius >> 8) + 0.5F) * 0x1.0p-24F;
    const float radius = deviation * sqrtf(-2.0F * logf(u) + 1e-30F);
    // Quarter turn and the rest around its middle.
    const float rest =
        (static_cast<float>((forAngle & 0x3FFFFFFFU) >> 6) + 0.5F) * 0x1.0p-26F - 0.125F;
    const SinCos angle = sinCosOfTurn(forAngle >> 30, rest);
    return {radius * angle.sin, radius * angle.cos};
}

/// Numbers come in pieces of 1024: number i of the first half and number i of the second one give
/// the noise at both places. Each thread makes four such pairs.
__device__ inline void addGaussian(const float* x, float* y, std::size_t size, float deviation,
                                   const NoiseStream& stream, const StepScalars* scalars) {
    constexpr std::size_t kPiece = 1024;
    constexpr std::size_t kQuads = kPiece / 8; // of a half
    const std::uint64_t first = firstBlockOf(scalars);
    const std::size_t quads = (size + kPiece - 1) / kPiece * kQuads;
    for (std::size_t quad = firstElement(); quad < quads; quad += allThreads()) {
        const std::size_t begin = quad / kQuads * kPiece + quad % kQuads * 4;
        const RandomWords radius = randomBlock(scalars->seed, stream, first + begin / 4);
        const RandomWords angle = randomBlock(scalars->seed, stream, first + begin / 4 + kQuads);
        const auto add = [&](std::size_t i, std::uint32_t forRadius, std::uint32_t forAngle) {
            const SinCos pair = normalPair(forRadius, forAngle, deviation);
            if (i < size)
                y[i] = x[i] + pair.cos;
            if (i + kPiece / 2 < size)
                y[i + kPiece / 2] = x[i + kPiece / 2] + pair.sin;
        };
        add(begin, radius.x0, angle.x0);
        add(begin + 1, radius.x1, angle.x1);
        add(begin + 2, radius.x2, angle.x2);
        add(begin + 3, radius.x3, angle.x3);
    }
}

} // namespace gradwright::cuda::kernels
