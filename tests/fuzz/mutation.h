// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <span>
#include <vector>

namespace gradwright::test {

/// The bytes with one to four changes of the kinds that damage and hostile hands make: bits
/// flipped, bytes and numbers of two and four bytes replaced by extreme ones, parts left out, said
/// twice or moved, the end cut off.
inline std::vector<std::uint8_t> mutated(std::span<const std::uint8_t> original,
                                         std::mt19937_64& random) {
    std::vector<std::uint8_t> bytes(original.begin(), original.end());
    const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
    const auto at = [&](std::size_t offset) {
        return bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    };
    for (auto changes = 1 + below(4); changes > 0 && !bytes.empty(); --changes) {
        const auto place = below(bytes.size());
        const auto length = 1 + below(std::min<std::size_t>(16, bytes.size() - place));
        switch (below(7)) {
        case 0:
            bytes[place] ^= static_cast<std::uint8_t>(1U << below(8));
            break;
        case 1:
            bytes[place] = static_cast<std::uint8_t>(random());
            break;
        case 2: {
            constexpr std::uint8_t extremes[] = {0, 1, 0x7F, 0x80, 0xFE, 0xFF, ',', '"', '\n'};
            const auto value = extremes[below(std::size(extremes))];
            const std::size_t count = std::size_t{1} << below(3);
            for (std::size_t i = place; i < std::min(place + count, bytes.size()); ++i)
                bytes[i] = value;
            break;
        }
        case 3:
            bytes.erase(at(place), at(place + length));
            break;
        case 4: {
            const std::vector<std::uint8_t> again(at(place), at(place + length));
            bytes.insert(at(below(bytes.size() + 1)), again.begin(), again.end());
            break;
        }
        case 5:
            std::rotate(at(place), at(place + below(length)), at(place + length));
            break;
        default:
            bytes.resize(place);
        }
    }
    return bytes;
}

} // namespace gradwright::test
