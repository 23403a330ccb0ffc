// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <concepts>
#include <cstddef>
#include <utility>
#include <variant>

// For classes that are a std::variant of many alternatives and declare their copying, moving and
// destruction, so that it is compiled once and not in every source that passes one on.

namespace gradwright {

namespace variant_place {

template <class Alternative, class... Alternatives>
consteval std::size_t find(const std::variant<Alternatives...>* /*of*/) {
    std::size_t place = 0;
    (void)((std::same_as<Alternative, Alternatives> || (++place, false)) || ...);
    return place;
}

} // namespace variant_place

/// The place of an alternative among those of a variant; their number when it is none.
template <class Alternative, class Variant>
inline constexpr std::size_t
    kPlaceIn = variant_place::find<Alternative>(static_cast<const Variant*>(nullptr));

template <class Alternative, class Variant>
concept AlternativeOf = kPlaceIn<Alternative, Variant> < std::variant_size_v<Variant>;

/// Moves into `variant` what `alternative` points to, an object of the alternative of that place.
template <class... Alternatives>
void takeAlternative(std::variant<Alternatives...>& variant, std::size_t place, void* alternative) {
    std::size_t each = 0;
    const auto take = [&]<class Alternative>() {
        if (each++ != place)
            return false;
        variant.template emplace<Alternative>(std::move(*static_cast<Alternative*>(alternative)));
        return true;
    };
    (void)(take.template operator()<Alternatives>() || ...);
}

} // namespace gradwright
