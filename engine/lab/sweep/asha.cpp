// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/sweep/asha.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace gradwright {

std::vector<std::int64_t> AshaRungs::epochs() const {
    std::vector<std::int64_t> rungs;
    for (auto epoch = std::max<std::int64_t>(least, 1); epoch < most; epoch *= reduction)
        rungs.push_back(epoch);
    rungs.push_back(most);
    return rungs;
}

namespace {

/// Of those in a rung that may go on, the best that has not.
std::optional<AshaJob> promotion(const AshaRungs& rungs, const std::vector<AshaResult>& done,
                                 std::size_t rung, HalvingOrder order,
                                 const std::vector<AshaJob>& running) {
    std::vector<AshaResult> here;
    std::set<std::int64_t> promoted;
    for (const auto& result : done) {
        if (result.rung == rung)
            here.push_back(result);
        else if (result.rung == rung + 1)
            promoted.insert(result.configuration);
    }
    for (const auto& job : running)
        if (job.rung == rung + 1)
            promoted.insert(job.configuration);
    std::ranges::stable_sort(here, {}, [](const AshaResult& result) {
        return std::isfinite(result.value) ? result.value : std::numeric_limits<double>::infinity();
    });
    auto kept = here.size() / static_cast<std::size_t>(rungs.reduction);
    if (order == HalvingOrder::Rungs)
        kept = std::min(std::max<std::size_t>(kept, 1), here.size());
    here.resize(kept);
    for (const auto& result : here)
        if (!promoted.contains(result.configuration) && std::isfinite(result.value))
            return AshaJob{result.configuration, rung + 1};
    return {};
}

} // namespace

std::optional<AshaJob> nextAshaJob(const AshaRungs& rungs, const std::vector<AshaResult>& done,
                                   std::int64_t configurations, HalvingOrder order,
                                   const std::vector<AshaJob>& running) {
    const auto last = rungs.epochs().size() - 1;
    const auto begun = std::ranges::count(done, std::size_t{0}, &AshaResult::rung) +
                       std::ranges::count(running, std::size_t{0}, &AshaJob::rung);
    const bool allHaveBegun = begun >= configurations;
    const AshaJob first{begun, 0};
    if (order == HalvingOrder::Rungs) {
        if (!allHaveBegun)
            return first;
        for (std::size_t rung = 0; rung < last; ++rung) {
            if (std::ranges::count(running, rung, &AshaJob::rung) > 0)
                return {};
            if (const auto job = promotion(rungs, done, rung, order, running))
                return job;
        }
        return {};
    }
    for (auto rung = last; rung-- > 0;)
        if (const auto job = promotion(rungs, done, rung, order, running))
            return job;
    return allHaveBegun ? std::nullopt : std::optional(first);
}

} // namespace gradwright
