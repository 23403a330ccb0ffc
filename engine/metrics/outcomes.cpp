// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/outcomes.h"

#include "engine/data/feed/batcher.h"
#include "engine/data/tables/table_column.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace gradwright {

void Outcomes::begin(std::size_t samples, std::size_t perSample, std::size_t stepsPerSample) {
    *this = {};
    steps = stepsPerSample;
    elements = perSample / steps;
    outputs.reserve(samples * perSample);
    labels.reserve(samples * steps);
}

std::span<float> Outcomes::add(const Batch& batch) {
    std::ranges::copy(batch.labels, std::back_inserter(labels));
    std::ranges::copy(batch.targets, std::back_inserter(targets));
    const auto added = static_cast<std::size_t>(batch.count) * steps * elements;
    outputs.resize(outputs.size() + added);
    return std::span(outputs).last(added);
}

void restoreUnits(Outcomes& outcomes, const std::vector<Scaling>& scaling) {
    if (scaling.size() != outcomes.elements)
        return;
    for (auto* values : {&outcomes.outputs, &outcomes.targets})
        for (std::size_t i = 0; i < values->size(); ++i) {
            const auto& scale = scaling[i % scaling.size()];
            (*values)[i] = static_cast<float>(scale.restored(double{(*values)[i]}));
        }
}

std::vector<Reading> readingsOf(const Outcomes& outcomes) {
    std::vector<Reading> readings;
    readings.reserve(outcomes.labels.size());
    for (std::size_t n = 0; n < outcomes.labels.size(); ++n) {
        const auto row =
            std::span(outcomes.outputs).subspan(n * outcomes.elements, outcomes.elements);
        const auto best = std::ranges::max_element(row);
        readings.push_back({static_cast<std::uint32_t>(n / outcomes.steps), outcomes.labels[n],
                            static_cast<std::int32_t>(best - row.begin()), *best});
    }
    return readings;
}

std::vector<Reading> mistakes(const std::vector<Reading>& readings) {
    std::vector<Reading> wrong;
    std::ranges::copy_if(readings, std::back_inserter(wrong),
                         [](const Reading& reading) { return !reading.correct(); });
    std::ranges::stable_sort(wrong, std::greater{}, &Reading::probability);
    return wrong;
}

} // namespace gradwright
