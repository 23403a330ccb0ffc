// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>

namespace gradwright {

/// "1 file", "3 files"; `many` where that is not `one` with an s: "class", "classes".
template <std::integral Count>
std::string counted(Count count, std::string_view one, std::string_view many = {}) {
    if (count == 1)
        return fmt::format("{} {}", count, one);
    return many.empty() ? fmt::format("{} {}s", count, one) : fmt::format("{} {}", count, many);
}

} // namespace gradwright
