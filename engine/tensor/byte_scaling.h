// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gradwright {

/// What bytes stand for: byte × factor + offset, one of each for every channel.
struct ByteScaling {
    std::vector<float> factors;
    std::vector<float> offsets;

    bool operator==(const ByteScaling&) const = default;
};

/// out[i] = bytes[i] × factor + offset, rounded after each step, so alike on every processor. Twice
/// as fast as looking each byte up.
void scaleBytes(std::span<const std::uint8_t> bytes, float factor, float offset, float* out);

/// Scales one sample, channel by channel; `out` holds as many numbers.
void scaleBytes(std::span<const std::uint8_t> sample, const ByteScaling& scaling, float* out);

} // namespace gradwright
