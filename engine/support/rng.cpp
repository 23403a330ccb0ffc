// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/rng.h"

#include "engine/support/simd.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace gradwright {
namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53;
constexpr std::uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

struct Words {
    std::uint32_t x0, x1, x2, x3;
};

inline Words philox(Words c, std::uint32_t key0, std::uint32_t key1) {
    for (int round = 0; round < kRounds; ++round) {
        const std::uint64_t product0 = std::uint64_t{kMultiplier0} * c.x0;
        const std::uint64_t product1 = std::uint64_t{kMultiplier1} * c.x2;
        c = {static_cast<std::uint32_t>(product1 >> 32) ^ c.x1 ^ key0,
             static_cast<std::uint32_t>(product1),
             static_cast<std::uint32_t>(product0 >> 32) ^ c.x3 ^ key1,
             static_cast<std::uint32_t>(product0)};
        key0 += kWeyl0;
        key1 += kWeyl1;
    }
    return c;
}

struct Key {
    std::uint32_t key0, key1, stream, substream;
};

inline Words blockOf(const Key& key, std::uint64_t counter) {
    return philox({static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
                   key.stream, key.substream},
                  key.key0, key.key1);
}

GRADWRIGHT_CLONES
void fillBlocks(Key key, std::uint64_t firstBlock, std::size_t blocks, std::uint32_t* out) {
    for (std::size_t i = 0; i < blocks; ++i) {
        const auto words = blockOf(key, firstBlock + i);
        out[4 * i] = words.x0;
        out[4 * i + 1] = words.x1;
        out[4 * i + 2] = words.x2;
        out[4 * i + 3] = words.x3;
    }
}

Key keyOf(std::uint64_t seed, std::uint32_t stream, std::uint32_t substream) {
    return {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32), stream,
            substream};
}

double toUnit(std::uint32_t high, std::uint32_t low) {
    const auto bits53 = ((std::uint64_t{high} << 32) | low) >> 11;
    return static_cast<double>(bits53) * 0x1.0p-53;
}

} // namespace

std::array<std::uint32_t, 4> Rng::block(std::uint64_t counter) const {
    const auto words = blockOf(keyOf(seed_, stream_, substream_), counter);
    return {words.x0, words.x1, words.x2, words.x3};
}

std::uint32_t Rng::bits(std::uint64_t counter) const {
    return block(counter / 4)[counter % 4];
}

double Rng::uniform(std::uint64_t counter) const {
    const auto words = block(counter);
    return toUnit(words[0], words[1]);
}

double Rng::normal(std::uint64_t counter) const {
    const auto words = block(counter);
    const double radius = std::sqrt(-2.0 * std::log(1.0 - toUnit(words[0], words[1])));
    return radius * std::cos(2.0 * std::numbers::pi * toUnit(words[2], words[3]));
}

std::uint64_t Rng::below(std::uint64_t counter, std::uint64_t bound) const {
    const auto words = block(counter);
    const auto random = (std::uint64_t{words[0]} << 32) | words[1];
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((Wide{random} * bound) >> 64);
}

void Rng::fill(std::uint64_t first, std::span<std::uint32_t> out) const {
    const auto key = keyOf(seed_, stream_, substream_);
    const auto blocks = out.size() / 4;
    fillBlocks(key, first / 4, blocks, out.data());
    for (auto i = blocks * 4; i < out.size(); ++i)
        out[i] = bits(first + i);
}

void shuffle(std::span<std::uint32_t> order, const Rng& rng) {
    // below() of many counters at once.
    constexpr std::size_t kAtOnce = 256;
    std::array<std::uint32_t, 4 * kAtOnce> words{};
    __extension__ using Wide = unsigned __int128;
    for (auto remaining = order.size(); remaining > 1;) {
        const auto first = remaining > kAtOnce ? remaining - kAtOnce + 1 : std::size_t{1};
        rng.fill(4 * first, std::span(words).first(4 * (remaining - first + 1)));
        for (; remaining >= std::max<std::size_t>(first, 2); --remaining) {
            const auto* const block = words.data() + 4 * (remaining - first);
            const auto random = (std::uint64_t{block[0]} << 32) | block[1];
            std::swap(order[remaining - 1],
                      order[static_cast<std::size_t>((Wide{random} * remaining) >> 64)]);
        }
    }
}

} // namespace gradwright
