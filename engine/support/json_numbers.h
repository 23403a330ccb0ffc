// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json.h"

#include <cstdint>
#include <utility>

namespace gradwright {

/// Whether it is a whole number that std::int64_t holds: JSON's go up to 2^64 - 1.
inline bool isInt64(const Json& json) {
    if (json.is_number_unsigned())
        return std::in_range<std::int64_t>(json.get<std::uint64_t>());
    return json.is_number_integer();
}

} // namespace gradwright
