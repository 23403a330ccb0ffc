// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>

namespace gradwright {

/// One of several processes that share each batch.
struct RankOf {
    std::int64_t rank = 0;
    std::int64_t ranks = 1;
};

/// The samples of a batch that a rank computes.
struct BatchShare {
    std::int64_t first = 0;
    std::int64_t count = 0;
    bool operator==(const BatchShare&) const = default;
};

/// Shares as equal as multiples of four allow: so many numbers random ops draw together, and each
/// sample is to get those that it would get in one process. No sample belongs to two ranks or to
/// none; of a small batch the last ranks may get nothing.
constexpr BatchShare shareOf(std::int64_t batch, RankOf of) {
    constexpr std::int64_t together = 4;
    const auto even = (batch + of.ranks - 1) / of.ranks;
    const auto most = (even + together - 1) / together * together;
    const auto first = std::min(batch, most * of.rank);
    return {first, std::min(most, batch - first)};
}

} // namespace gradwright
