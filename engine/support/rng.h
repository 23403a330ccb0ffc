// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace gradwright {

/// What random numbers are drawn for; each purpose has its own stream, so that adding draws to one
/// never shifts another.
enum class RngStream : std::uint32_t {
    Initialize = 1,
    Split = 2,
    Shuffle = 3,
    Dropout = 4,
    Noise = 5,
    Points = 6,
    Augmentation = 7,
    Text = 8,
    Trees = 9,
    Folds = 10,
    Bootstrap = 11,
    Directions = 12,
    Patterns = 20,
    Figures = 21,
    Test = 99
};

/// Counter-based generator Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as
/// easy as 1, 2, 3", SC 2011). It has no state: the numbers are a function of seed, stream,
/// substream and counter, so any step of a training can be repeated without what came before it.
class Rng {
public:
    Rng(std::uint64_t seed, RngStream stream, std::uint32_t substream = 0)
        : seed_(seed)
        , stream_(static_cast<std::uint32_t>(stream))
        , substream_(substream) {}

    [[nodiscard]] std::array<std::uint32_t, 4> block(std::uint64_t counter) const;
    /// The counter-th 32-bit number.
    [[nodiscard]] std::uint32_t bits(std::uint64_t counter) const;
    /// Uniform in [0, 1), 53 bits.
    [[nodiscard]] double uniform(std::uint64_t counter) const;
    /// Standard normal (Box–Muller).
    [[nodiscard]] double normal(std::uint64_t counter) const;
    /// Uniform in [0, bound), without modulo bias worth naming (64-bit multiply-shift).
    [[nodiscard]] std::uint64_t below(std::uint64_t counter, std::uint64_t bound) const;

    /// out[i] = bits(first + i); `first` must be a multiple of 4.
    void fill(std::uint64_t first, std::span<std::uint32_t> out) const;

private:
    std::uint64_t seed_;
    std::uint32_t stream_;
    std::uint32_t substream_;
};

/// Permutes 0 … n-1 in `order` (Fisher–Yates over the generator's counters).
void shuffle(std::span<std::uint32_t> order, const Rng& rng);

} // namespace gradwright
