// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/survey/part_counts.h"

#include "engine/data/sample_origins.h"
#include "engine/support/error.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace gradwright {

std::int64_t PartCounts::total() const {
    return std::accumulate(samples.begin(), samples.end(), std::int64_t{0});
}

std::int64_t PartCounts::ofClass(std::size_t label) const {
    return std::accumulate(classes[label].begin(), classes[label].end(), std::int64_t{0});
}

double PartCounts::imbalance() const {
    if (classes.empty())
        return 1;
    std::int64_t most = 0;
    auto least = std::numeric_limits<std::int64_t>::max();
    for (const auto& parts : classes) {
        most = std::max(most, parts.front());
        least = std::min(least, parts.front());
    }
    return least == 0 ? std::numeric_limits<double>::infinity()
                      : static_cast<double>(most) / static_cast<double>(least);
}

std::vector<double> PartCounts::balancedWeights() const {
    std::vector<double> weights;
    for (const auto& parts : classes)
        weights.push_back(parts.front() == 0 ? 1
                                             : static_cast<double>(samples.front()) /
                                                   static_cast<double>(parts.front()) /
                                                   static_cast<double>(classes.size()));
    return weights;
}

PartCounts countParts(const Dataset& data, const Split& split) {
    PartCounts counts;
    const bool hasClasses = data.info.hasClasses() && data.info.labels() == 1;
    if (hasClasses)
        counts.classes.resize(data.info.classes.size());
    const auto add = [&](const DataSource& source, std::int64_t index, DataPart part) {
        const auto at = static_cast<std::size_t>(part);
        ++counts.samples[at];
        if (hasClasses)
            ++counts.classes.at(static_cast<std::size_t>(source.label(index)))[at];
    };
    for (const auto index : split.training)
        add(*data.training, index, DataPart::Training);
    for (const auto index : split.validation)
        add(*data.training, index, DataPart::Validation);
    if (data.test)
        for (std::int64_t i = 0; i < data.test->size(); ++i)
            add(*data.test, i, DataPart::Test);
    return counts;
}

std::string originOf(const Dataset& data, const SampleId& sample) {
    const auto* const source =
        sample.part == DataPart::Test ? data.test.get() : data.training.get();
    if (const auto* const origins = dynamic_cast<const SampleOrigins*>(source))
        return origins->origin(sample.index);
    return fmt::format("sample {}", sample.index + 1);
}

} // namespace gradwright
