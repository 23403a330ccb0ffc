// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace gradwright {

/// A number that cannot be mistaken for another kind of number.
template <class Tag>
struct Id {
    std::uint32_t value = 0;

    constexpr auto operator<=>(const Id&) const = default;
    [[nodiscard]] constexpr std::size_t index() const { return value; }
};

/// A node, unique within its graph (the main graph or one block definition); never reused.
using NodeId = Id<struct NodeTag>;
/// A link, unique within its graph; never reused.
using LinkId = Id<struct LinkTag>;
/// A port of a node, counted from 0 among its inputs or among its outputs.
using PortIndex = Id<struct PortTag>;

} // namespace gradwright

template <class Tag>
struct std::hash<gradwright::Id<Tag>> {
    std::size_t operator()(gradwright::Id<Tag> id) const noexcept {
        return std::hash<std::uint32_t>{}(id.value);
    }
};
