// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/crc32c.h"

#include <array>

namespace gradwright {
namespace {

constexpr std::array<std::uint32_t, 256> makeTable() {
    constexpr std::uint32_t polynomial = 0x82f63b78; // 0x1edc6f41, bits reversed
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        auto remainder = byte;
        for (int bit = 0; bit < 8; ++bit)
            remainder = (remainder >> 1) ^ ((remainder & 1U) != 0 ? polynomial : 0U);
        table[byte] = remainder;
    }
    return table;
}

constexpr auto kTable = makeTable();

} // namespace

std::uint32_t crc32c(std::string_view bytes) {
    std::uint32_t remainder = 0xffffffff;
    for (const char byte : bytes)
        remainder = (remainder >> 8) ^ kTable[(remainder ^ static_cast<unsigned char>(byte)) & 255];
    return ~remainder;
}

} // namespace gradwright
