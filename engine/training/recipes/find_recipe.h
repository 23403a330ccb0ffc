// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace gradwright {

/// The entry with the key. Throws Error naming the known keys.
template <class Def>
const Def& findRecipe(const std::vector<Def>& catalog, std::string_view key,
                      std::string_view what) {
    const auto found = std::ranges::find(catalog, key, &Def::key);
    if (found != catalog.end())
        return *found;
    std::vector<std::string_view> keys;
    for (const auto& def : catalog)
        keys.emplace_back(def.key);
    throw Error("there is no {} \"{}\"; known are {}", what, key, fmt::join(keys, ", "));
}

} // namespace gradwright
