// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace gradwright {

inline constexpr std::size_t kSobolDimensions = 40;

/// The index-th point of Sobol's sequence in [0, 1)^dimensions, with the direction numbers of Joe
/// and Kuo (2008) and in the order of the Gray code (Antonov and Saleev 1979). `shift` moves the
/// points by exclusive or, digit by digit, which keeps how evenly they lie (Matoušek 1998); empty:
/// the sequence as it is. Throws Error for more dimensions than are kept.
std::vector<double> sobolPoint(std::uint64_t index, std::size_t dimensions,
                               const std::vector<std::uint32_t>& shift = {});

} // namespace gradwright
