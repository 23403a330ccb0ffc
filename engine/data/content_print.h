// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace gradwright {

/// 128 bits of a hash: two different ones of n contents are taken for equal with a probability of
/// about n² / 2^129.
struct ContentPrint {
    std::uint64_t low = 0x9E3779B97F4A7C15;
    std::uint64_t high = 0xC2B2AE3D27D4EB4F;

    auto operator<=>(const ContentPrint&) const = default;
};

/// The finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", OOPSLA 2014), a bijection.
inline std::uint64_t scrambled(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    return value ^ (value >> 31);
}

template <class T>
ContentPrint printOf(std::span<const T> values) {
    const auto* at = reinterpret_cast<const char*>(values.data());
    auto left = values.size_bytes();
    ContentPrint print;
    while (left > 0) {
        std::uint64_t word = 0;
        const auto count = std::min(left, sizeof word);
        std::memcpy(&word, at, count);
        at += count;
        left -= count;
        print.low = scrambled(print.low ^ word);
        print.high = scrambled(print.high + word * 0x165667B19E3779F9);
    }
    return print;
}

} // namespace gradwright
