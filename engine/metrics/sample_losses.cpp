// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/sample_losses.h"

#include <algorithm>
#include <cmath>

namespace gradwright {

std::vector<double> sampleLosses(const Outcomes& outcomes) {
    constexpr double leastProbability = 1e-12;
    const auto samples = static_cast<std::size_t>(outcomes.samples());
    std::vector<double> losses(samples);
    for (std::size_t n = 0; n < outcomes.labels.size(); ++n) {
        const auto row =
            std::span(outcomes.outputs).subspan(n * outcomes.elements, outcomes.elements);
        double loss = 0;
        if (outcomes.kind() == MetricKind::Classes) {
            const auto own = static_cast<double>(row[static_cast<std::size_t>(outcomes.labels[n])]);
            loss = -std::log(std::max(leastProbability, own));
        } else {
            for (std::size_t i = 0; i < row.size(); ++i) {
                const double off = double{row[i]} - double{outcomes.targets[n * row.size() + i]};
                loss += off * off / static_cast<double>(row.size());
            }
        }
        losses[n / outcomes.steps] += loss / static_cast<double>(outcomes.steps);
    }
    return losses;
}

} // namespace gradwright
