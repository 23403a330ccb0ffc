// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/noise.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"
#include "engine/support/rng.h"
#include "engine/support/simd.h"
#include "engine/support/vector_math.h"

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

constexpr std::size_t kPiece = 1024;

/// sin and cos of 2π · turn for turn in [-1/8, 1/8], by Taylor series.
inline float sinOfTurn(float turn) {
    const float x = turn * 6.28318531F;
    const float z = x * x;
    return x * (1.0F - z * (1.0F / 6 - z * (1.0F / 120 - z * (1.0F / 5040))));
}
inline float cosOfTurn(float turn) {
    const float x = turn * 6.28318531F;
    const float z = x * x;
    return 1.0F - z * (0.5F - z * (1.0F / 24 - z * (1.0F / 720 - z * (1.0F / 40320))));
}

/// Box, Muller 1958: two uniform numbers make two normal ones. random[i] and random[i + half] give
/// noise[i] and noise[i + half].
GRADWRIGHT_CLONES
void boxMuller(float* noise, const std::uint32_t* random, float deviation) {
    constexpr std::size_t half = kPiece / 2;
    for (std::size_t i = 0; i < half; ++i) {
        // In (0, 1): never 0, whose logarithm is infinite.
        const float u =
            (static_cast<float>(static_cast<std::int32_t>(random[i] >> 8)) + 0.5F) * 0x1.0p-24F;
        // Square root by exp and log: vector code everywhere, and no errno.
        const float logarithm = -2.0F * vectored::log(u);
        const float radius = deviation * vectored::exp(0.5F * vectored::log(logarithm + 1e-30F));
        // Quarter turn and the rest around its middle.
        const auto quarter = random[i + half] >> 30;
        const float rest =
            (static_cast<float>(static_cast<std::int32_t>((random[i + half] & 0x3FFFFFFFU) >> 6)) +
             0.5F) *
                0x1.0p-26F -
            0.125F;
        const float s = sinOfTurn(rest);
        const float c = cosOfTurn(rest);
        const float a = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
        const float b = quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c;
        noise[i] = radius * a;
        noise[i + half] = radius * b;
    }
}

} // namespace

void gaussianNoise(const GaussianNoiseOp& op, std::uint64_t seed, std::uint64_t step,
                   std::span<float> noise, std::uint64_t first) {
    // As for dropout, a step owns 2^40 counters. Pieces are made whole, so that an element does not
    // depend on where a caller cuts.
    const auto begin = (step << 40) + first / kPiece * kPiece;
    const Rng rng(seed, RngStream::Noise, op.stream);
    std::array<std::uint32_t, kPiece> random{};
    std::array<float, kPiece> normal{};
    auto skip = static_cast<std::size_t>(first % kPiece);
    std::size_t done = 0;
    for (auto counter = begin; done < noise.size(); counter += kPiece) {
        rng.fill(counter, random);
        boxMuller(normal.data(), random.data(), static_cast<float>(op.deviation));
        const auto count = std::min(kPiece - skip, noise.size() - done);
        std::copy_n(normal.begin() + static_cast<std::ptrdiff_t>(skip), count,
                    noise.begin() + static_cast<std::ptrdiff_t>(done));
        done += count;
        skip = 0;
    }
}

void dropoutKeeps(const DropoutOp& op, std::uint64_t seed, std::uint64_t step,
                  std::span<std::uint8_t> keep, std::uint64_t first) {
    // Below 2^32 the threshold is exact to 2^-32; a rate of 0 keeps everything.
    const auto threshold = static_cast<std::uint64_t>(op.rate * 0x1.0p32);
    // A step owns 2^40 counters, more than any batch has elements; after 2^24 steps they repeat.
    first += step << 40;
    const Rng rng(seed, RngStream::Dropout, op.stream);
    std::array<std::uint32_t, 1024> random{};
    for (std::size_t done = 0; done < keep.size(); done += random.size()) {
        const auto count = std::min(random.size(), keep.size() - done);
        rng.fill(first + done, std::span(random).first(count));
        for (std::size_t i = 0; i < count; ++i)
            keep[done + i] = random[i] >= threshold ? 1 : 0;
    }
}

std::string_view DropoutOp::name() const {
    return "dropout";
}
Types DropoutOp::outputs(InputTypes inputs) const {
    return {checks::sameAsInput(name(), inputs)};
}
std::vector<Shape> DropoutOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t DropoutOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view GaussianNoiseOp::name() const {
    return "gaussian-noise";
}
Types GaussianNoiseOp::outputs(InputTypes inputs) const {
    return {checks::sameAsInput(name(), inputs)};
}
std::vector<Shape> GaussianNoiseOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t GaussianNoiseOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

void DropoutOp::gradient(GradientContext& context) const {
    context.giveFused({});
}

void GaussianNoiseOp::gradient(GradientContext& context) const {
    context.give(0, context.gradient());
}

} // namespace gradwright
