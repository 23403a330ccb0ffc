// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace gradwright {

/// The MD5 sum (RFC 1321) of bytes that come piece by piece. It finds files that were damaged or
/// mixed up on their way, and is no protection against forgery.
class Md5 {
public:
    void add(std::span<const std::uint8_t> bytes);
    /// 32 hexadecimal digits; nothing can be added afterwards.
    std::string hex();

private:
    void addBlock(const std::uint8_t* block);

    std::array<std::uint32_t, 4> state_{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
    std::array<std::uint8_t, 64> rest_{};
    std::uint64_t bytes_ = 0;
};

} // namespace gradwright
