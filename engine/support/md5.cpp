// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/md5.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace gradwright {
namespace {

/// floor(2^32 × |sin(i + 1)|), as the RFC defines its table T.
std::array<std::uint32_t, 64> sineTable() {
    std::array<std::uint32_t, 64> table{};
    for (std::size_t i = 0; i < table.size(); ++i)
        table[i] = static_cast<std::uint32_t>(
            std::floor(4294967296.0 * std::abs(std::sin(static_cast<double>(i + 1)))));
    return table;
}

constexpr std::array<std::array<int, 4>, 4> kShifts = {
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

} // namespace

void Md5::addBlock(const std::uint8_t* block) {
    static const auto table = sineTable();
    std::array<std::uint32_t, 16> words{};
    for (std::size_t i = 0; i < words.size(); ++i)
        for (std::size_t byte = 0; byte < 4; ++byte)
            words[i] |= std::uint32_t{block[4 * i + byte]} << (8 * byte);
    auto [a, b, c, d] = state_;
    for (std::size_t i = 0; i < table.size(); ++i) {
        std::uint32_t mixed = 0;
        std::size_t word = i;
        switch (i / 16) {
        case 0:
            mixed = (b & c) | (~b & d);
            break;
        case 1:
            mixed = (b & d) | (c & ~d);
            word = 5 * i + 1;
            break;
        case 2:
            mixed = b ^ c ^ d;
            word = 3 * i + 5;
            break;
        default:
            mixed = c ^ (b | ~d);
            word = 7 * i;
            break;
        }
        const auto sum = a + mixed + words[word % 16] + table[i];
        a = d;
        d = c;
        c = b;
        b += std::rotl(sum, kShifts[i / 16][i % 4]);
    }
    state_[0] += a;
    state_[1] += b;
    state_[2] += c;
    state_[3] += d;
}

void Md5::add(std::span<const std::uint8_t> bytes) {
    auto filled = static_cast<std::size_t>(bytes_ % rest_.size());
    bytes_ += bytes.size();
    while (!bytes.empty()) {
        if (filled == 0 && bytes.size() >= rest_.size()) {
            addBlock(bytes.data());
            bytes = bytes.subspan(rest_.size());
            continue;
        }
        const auto taken = std::min(bytes.size(), rest_.size() - filled);
        std::copy_n(bytes.begin(), taken, rest_.begin() + static_cast<std::ptrdiff_t>(filled));
        bytes = bytes.subspan(taken);
        filled += taken;
        if (filled == rest_.size()) {
            addBlock(rest_.data());
            filled = 0;
        }
    }
}

std::string Md5::hex() {
    const auto bits = bytes_ * 8;
    const std::uint8_t one = 0x80;
    add(std::span(&one, 1));
    const std::uint8_t zero = 0;
    while (bytes_ % rest_.size() != 56)
        add(std::span(&zero, 1));
    std::array<std::uint8_t, 8> length{};
    for (std::size_t i = 0; i < length.size(); ++i)
        length[i] = static_cast<std::uint8_t>(bits >> (8 * i));
    add(length);
    std::string text;
    for (const auto word : state_)
        for (int byte = 0; byte < 4; ++byte)
            text += fmt::format("{:02x}", (word >> (8 * byte)) & 0xFF);
    return text;
}

} // namespace gradwright
