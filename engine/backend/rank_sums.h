// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/distributed/communicator.h"

#include <algorithm>
#include <type_traits>
#include <vector>

namespace gradwright {

/// Replaces each element of the pieces by its sum over the ranks, each weighted with its rank's
/// share; FP64 always travels whole. Pieces go together until a message has a size that is worth
/// its way.
template <class T>
void sumOverRanks(Communicator& ranks, double share, std::span<const std::span<T>> pieces,
                  Wire wire = Wire::Full) {
    constexpr std::size_t kBucket = (std::size_t{4} << 20) / sizeof(T);
    std::vector<T> bucket;
    std::size_t first = 0; ///< of the pieces in the bucket
    const auto send = [&](std::size_t end) {
        if constexpr (std::is_same_v<T, float>)
            ranks.sum(std::span(bucket), wire);
        else
            ranks.sum(std::span(bucket));
        const auto* from = bucket.data();
        for (; first < end; ++first) {
            std::copy_n(from, pieces[first].size(), pieces[first].begin());
            from += pieces[first].size();
        }
        bucket.clear();
    };
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        for (const auto value : pieces[i]) // what is not counted must not be NaN
            bucket.push_back(share == 0 ? T{0} : static_cast<T>(share) * value);
        if (bucket.size() >= kBucket)
            send(i + 1);
    }
    send(pieces.size());
}

} // namespace gradwright
