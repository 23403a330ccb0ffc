// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/ranked_samples.h"

#include "engine/data/feed/worker_crew.h"

#include <algorithm>

namespace gradwright {

RankedSamples::RankedSamples(const Samples& samples, const Watch& watch)
    : samples_(&samples)
    , values_(samples.features)
    , ranks_(samples.features * samples.count()) {
    WorkerCrew crew(usefulHelpers());
    const auto count = samples.count();
    crew.run(samples.features, [&](std::size_t feature) {
        watch.check();
        auto& values = values_[feature];
        values.reserve(count);
        for (std::size_t n = 0; n < count; ++n)
            values.push_back(samples.inputs[n * samples.features + feature]);
        std::ranges::sort(values);
        values.erase(std::unique(values.begin(), values.end()), values.end());
        values.shrink_to_fit();
        for (std::size_t n = 0; n < count; ++n) {
            const auto value = samples.inputs[n * samples.features + feature];
            ranks_[feature * count + n] = static_cast<std::uint32_t>(
                std::ranges::lower_bound(values, value) - values.begin());
        }
    });
}

} // namespace gradwright
