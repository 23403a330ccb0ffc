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

std::optional<AshaJob> nextAshaJob(const AshaRungs& rungs, const std::vector<AshaResult>& done,
                                   std::int64_t configurations) {
    const auto count = rungs.epochs().size();
    for (auto rung = count - 1; rung-- > 0;) {
        std::vector<AshaResult> here;
        std::set<std::int64_t> promoted;
        for (const auto& result : done) {
            if (result.rung == rung)
                here.push_back(result);
            else if (result.rung == rung + 1)
                promoted.insert(result.configuration);
        }
        std::ranges::stable_sort(here, {}, [](const AshaResult& result) {
            return std::isfinite(result.value) ? result.value
                                               : std::numeric_limits<double>::infinity();
        });
        here.resize(here.size() / static_cast<std::size_t>(rungs.reduction));
        for (const auto& result : here)
            if (!promoted.contains(result.configuration) && std::isfinite(result.value))
                return AshaJob{result.configuration, rung + 1};
    }
    std::int64_t begun = 0;
    for (const auto& result : done)
        begun += result.rung == 0 ? 1 : 0;
    if (begun >= configurations)
        return {};
    return AshaJob{begun, 0};
}

} // namespace gradwright
