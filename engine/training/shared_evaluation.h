// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/distributed/communicator.h"
#include "engine/ops/score_sums.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// Sums of each rank's share of some samples, in the order of the ranks; `predicted` is summed,
/// too. `evaluate` gets this rank's samples, and is not called without any. Nothing, on all ranks,
/// when it gives nothing on one of them; what it throws on one is thrown on all.
std::optional<ScoreSums> evaluateTogether(
    Communicator& ranks, const std::vector<std::uint32_t>& indices,
    std::vector<std::int64_t>& predicted,
    const std::function<std::optional<ScoreSums>(std::vector<std::uint32_t>)>& evaluate);

/// Replaces counts by their sums over the ranks, which may have come to different numbers of
/// classes.
void sumCounts(Communicator& ranks, std::vector<std::int64_t>& counts);

} // namespace gradwright
