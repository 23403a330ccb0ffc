// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/baseline.h"

#include "engine/metrics/confusion.h"
#include "engine/support/error.h"

#include <algorithm>
#include <chrono>

namespace gradwright {
namespace {

using FitClock = std::chrono::steady_clock;

/// Measures work without the time in which those who are told of it hold it.
class WorkTime {
public:
    [[nodiscard]] Watch watching(const Watch& watch) {
        begun_ = FitClock::now();
        held_ = {};
        if (!watch.progress)
            return watch;
        return {watch.stop, [this, tell = watch.progress](double share) {
                    const auto since = FitClock::now();
                    tell(share);
                    held_ += FitClock::now() - since;
                }};
    }
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(FitClock::now() - begun_ - held_).count();
    }

private:
    FitClock::time_point begun_;
    FitClock::duration held_{};
};

} // namespace

Outcomes outcomesOf(const Samples& samples, std::span<const double> answers) {
    Outcomes made;
    made.elements = samples.outputs();
    made.outputs.assign(answers.begin(), answers.end());
    made.labels = samples.labels;
    made.targets = samples.targets;
    if (samples.classes == 0)
        made.labels.assign(samples.count(), 0);
    return made;
}

std::optional<Baseline> measureBaseline(const MethodDef& method, const ParamValues& params,
                                        const Samples& training, const Samples& test,
                                        std::uint64_t seed, const Watch& watch) {
    if (training.features != test.features || training.classes != test.classes ||
        training.width != test.width)
        throw Error("{} cannot be measured on samples of {} numbers after samples of {}",
                    method.title, test.features, training.features);
    constexpr double kFitShare = 0.8; // of the progress
    try {
        Baseline made;
        made.method = &method;
        WorkTime time;
        const std::shared_ptr<const ClassicalModel> model =
            fitMethod(method, training, params, seed, time.watching(watch.part(0, kFitShare)));
        made.fitSeconds = time.seconds();
        const auto answers = answersOf(*model, test, time.watching(watch.part(kFitShare, 1)));
        made.answerSeconds = time.seconds();
        made.outcomes = outcomesOf(test, answers);
        made.note = model->note();
        made.model = model;
        return made;
    } catch (const FitStopped&) {
        return {};
    }
}

std::optional<double> balancedAccuracy(const Outcomes& outcomes) {
    if (outcomes.kind() != MetricKind::Classes || outcomes.labels.empty())
        return {};
    const ConfusionMatrix matrix(outcomes.elements, readingsOf(outcomes));
    double sum = 0;
    int classes = 0;
    for (std::size_t c = 0; c < matrix.classes(); ++c)
        if (const auto recall = matrix.recall(c)) {
            sum += *recall;
            ++classes;
        }
    return sum / classes;
}

bool hasUnevenClasses(const Outcomes& outcomes) {
    if (outcomes.kind() != MetricKind::Classes || outcomes.labels.empty())
        return false;
    std::vector<std::size_t> counts(outcomes.elements);
    for (const auto label : outcomes.labels)
        ++counts[static_cast<std::size_t>(label)];
    const auto largest = static_cast<double>(*std::ranges::max_element(counts));
    return largest * static_cast<double>(counts.size()) >=
           1.5 * static_cast<double>(outcomes.labels.size());
}

} // namespace gradwright
