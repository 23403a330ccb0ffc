// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/byte_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace gradwright {

std::string bytesText(std::int64_t bytes) {
    constexpr std::array kByteUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
    constexpr double kStep = 1024;
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (std::abs(value) >= kStep && unit + 1 < kByteUnits.size()) {
        value /= kStep;
        ++unit;
    }
    const int decimals = unit > 0 && std::abs(value) < 10 ? 1 : 0;
    return fmt::format("{:.{}f} {}", value, decimals, kByteUnits[unit]);
}

} // namespace gradwright
