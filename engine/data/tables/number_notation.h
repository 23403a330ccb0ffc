// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/table_reading.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gradwright {

/// The notations that are known, without units, the usual ones first. As bits of a mask: 1 <<
/// index.
inline constexpr std::size_t kNotations = 8;
const std::array<NumberNotation, kNotations>& numberNotations();

/// A cell's unit and what stands beside it: {"$", "5.30"} of "$5.30", {"%", "12"} of "12 %",
/// {"kg", "3.5"} of "3.5 kg", "-7" of "(7)". The unit is empty where there is none.
struct NumberText {
    std::string unit;
    std::string digits;
};
NumberText withoutUnit(std::string_view cell);
/// Tells most texts from numbers by their beginning.
bool mayBeNumber(std::string_view cell);

/// Which of numberNotations() the digits are a number in.
std::uint32_t notationsOf(std::string_view digits);

/// The same for a number as C++ writes it, told from its shape; 0 where the shape does not tell.
std::uint32_t notationsOfUsual(std::string_view number);

/// The number of a cell as "-1234.5"; nothing where it is none in this notation, or has another
/// unit.
std::optional<std::string> plainNumber(std::string_view cell, const NumberNotation& notation);

} // namespace gradwright
