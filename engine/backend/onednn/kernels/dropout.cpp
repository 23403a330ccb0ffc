// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/dropout.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/simd.h"

#include <cstring>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 8192;

GRADWRIGHT_CLONES
void applyPiece(float* out, const float* in, const std::uint8_t* keep, float scale,
                std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = keep[i] != 0 ? in[i] * scale : 0.0F;
}

/// One block of channels of one sample: [real, positions] → [positions, block].
void interleave(std::uint8_t* keep, const std::uint8_t* drawn, std::size_t real,
                std::size_t positions, std::size_t block) {
    for (std::size_t channel = 0; channel < block; ++channel)
        for (std::size_t p = 0; p < positions; ++p)
            keep[p * block + channel] = channel < real ? drawn[channel * positions + p] : 0;
}

GRADWRIGHT_CLONES
void addPiece(float* out, const float* in, const float* noise, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = in[i] + noise[i];
}

} // namespace

void addNoise(const GaussianNoiseOp& op, StepSeed seed, std::size_t first, float* out, float* noise,
              const float* in, std::size_t size) {
    forChunks(size, kGrain, [=](std::size_t begin, std::size_t end) {
        gaussianNoise(op, seed.seed, seed.step, {noise + begin, end - begin}, first + begin);
        addPiece(out + begin, in + begin, noise + begin, end - begin);
    });
}

void drawDropout(const DropoutOp& op, StepSeed seed, std::size_t firstSample, const Layout& layout,
                 std::uint8_t* drawn, std::uint8_t* keep) {
    const auto size = static_cast<std::size_t>(layout.shape[0] * layout.positions());
    const auto count = static_cast<std::size_t>(layout.batch) * size;
    const auto offset = firstSample * size;
    forChunks(count, kGrain, [&](std::size_t begin, std::size_t end) {
        dropoutKeeps(op, seed.seed, seed.step, {drawn + begin, end - begin}, offset + begin);
    });
    if (keep == drawn)
        return;
    // Blocked layouts are interleaved block by block, channels-last as one block.
    const auto real = static_cast<std::size_t>(layout.shape[0]);
    const auto channels = static_cast<std::size_t>(layout.channels);
    const auto positions = static_cast<std::size_t>(layout.positions());
    const auto block = layout.format == Format::ChannelsLast
                           ? channels
                           : static_cast<std::size_t>(blockOf(layout.format));
    const auto blocks = channels / block;
    forChunks(static_cast<std::size_t>(layout.batch) * blocks, 1,
              [&](std::size_t begin, std::size_t) {
                  const auto first = begin % blocks * block;
                  const auto present = first < real ? std::min(block, real - first) : 0;
                  interleave(keep + begin * block * positions,
                             drawn + (begin / blocks * real + first) * positions, present,
                             positions, block);
              });
}

void applyDropout(float* out, const float* in, const std::uint8_t* keep, float scale,
                  std::size_t size) {
    forChunks(size, kGrain, [=](std::size_t begin, std::size_t end) {
        applyPiece(out + begin, in + begin, keep + begin, scale, end - begin);
    });
}

} // namespace gradwright::onednn
