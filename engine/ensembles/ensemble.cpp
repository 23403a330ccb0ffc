// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ensembles/ensemble.h"

#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {

Outcomes meanOutcomes(std::span<const Outcomes> members) {
    if (members.empty())
        throw Error("an ensemble needs at least one member");
    auto made = members.front();
    std::vector<double> sums(made.outputs.size());
    for (const auto& member : members) {
        if (member.elements != made.elements || member.labels != made.labels ||
            member.targets != made.targets || member.outputs.size() != made.outputs.size())
            throw Error("the members of an ensemble have to answer the same samples");
        std::ranges::transform(sums, member.outputs, sums.begin(), [](double sum, float value) {
            return sum + static_cast<double>(value);
        });
    }
    std::ranges::transform(sums, made.outputs.begin(), [&](double sum) {
        return static_cast<float>(sum / static_cast<double>(members.size()));
    });
    return made;
}

double meanError(const Outcomes& outcomes) {
    double sum = 0;
    if (outcomes.kind() == MetricKind::Values) {
        for (std::size_t i = 0; i < outcomes.outputs.size(); ++i) {
            const auto off =
                static_cast<double>(outcomes.outputs[i]) - static_cast<double>(outcomes.targets[i]);
            sum += off * off;
        }
        return sum / static_cast<double>(outcomes.outputs.size());
    }
    for (std::size_t n = 0; n < outcomes.labels.size(); ++n) {
        const auto right =
            outcomes.outputs[n * outcomes.elements + static_cast<std::size_t>(outcomes.labels[n])];
        sum -= std::log(std::max(right, std::numeric_limits<float>::min()));
    }
    return sum / static_cast<double>(outcomes.labels.size());
}

double disagreement(std::span<const Outcomes> members) {
    if (members.size() < 2 || members.front().kind() != MetricKind::Classes)
        return 0;
    std::vector<std::vector<Reading>> readings;
    for (const auto& member : members)
        readings.push_back(readingsOf(member));
    double sum = 0;
    double pairs = 0;
    for (std::size_t a = 0; a < readings.size(); ++a)
        for (std::size_t b = 0; b < a; ++b) {
            double differ = 0;
            for (std::size_t n = 0; n < readings[a].size(); ++n)
                differ += readings[a][n].predicted != readings[b][n].predicted ? 1 : 0;
            sum += differ / static_cast<double>(readings[a].size());
            ++pairs;
        }
    return sum / pairs;
}

EnsembleScore scoreEnsemble(std::span<const Outcomes> members) {
    const auto together = meanOutcomes(members);
    const auto& metric = qualityMetric(together.kind());
    const auto scored = [&](const Outcomes& outcomes) {
        return EnsembleScore::Part{meanError(outcomes),
                                   {&metric, metric.value(outcomes).value_or(0)}};
    };
    EnsembleScore made;
    made.mean.quality.metric = &metric;
    const auto count = static_cast<double>(members.size());
    for (const auto& member : members) {
        made.members.push_back(scored(member));
        made.mean.error += made.members.back().error / count;
        made.mean.quality.value += made.members.back().quality.value / count;
    }
    made.together = scored(together);
    made.disagreement = disagreement(members);
    return made;
}

void requireAlike(const Member& first, const Member& second) {
    const auto& a = first.info();
    const auto& b = second.info();
    if (a.classes != b.classes || a.target != b.target)
        throw Error("{} and {} answer different questions: their classes or targets differ",
                    first.path().string(), second.path().string());
    const auto& one = first.project().data;
    const auto& other = second.project().data;
    if (one.dataset != other.dataset || one.params != other.params)
        throw Error("{} and {} were trained on different data, so their answers to the same "
                    "samples cannot be told",
                    first.path().string(), second.path().string());
}

} // namespace gradwright
