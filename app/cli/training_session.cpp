// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/training_session.h"

#include "app/cli/progress_bar.h"
#include "engine/support/json.h"
#include "engine/worker/remote_trainer.h"

#include <algorithm>
#include <vector>

namespace gradwright::cli {
namespace {

double median(std::vector<double> values) {
    if (values.empty())
        return 0;
    std::ranges::sort(values);
    return values[values.size() / 2];
}

} // namespace

TrainingResult train(TrainingJob job, std::FILE* progress, const std::stop_token& stop) {
    TrainingResult result;
    std::vector<double> speeds;
    std::optional<ProgressBar> bar;
    if (progress)
        bar.emplace(progress);
    const auto sink = [&](const TrainingEvent& event) {
        if (bar)
            bar->show(event);
        if (const auto* started = std::get_if<RunStarted>(&event)) {
            result.run = started->run;
            result.notes = started->notes;
        } else if (const auto* epoch = std::get_if<EpochDone>(&event)) {
            speeds.push_back(epoch->samplesPerSecond);
            result.waitShare = epoch->waitShare;
            if (epoch->best)
                result.validation = epoch->validation;
        } else if (const auto* health = std::get_if<HealthChanged>(&event))
            result.alarms = health->alarms;
        else if (const auto* finished = std::get_if<Finished>(&event))
            result.finished = *finished;
        else if (const auto* stopped = std::get_if<Stopped>(&event))
            result.stopped = *stopped;
        else if (const auto* failed = std::get_if<Failed>(&event))
            result.failure = *failed;
    };
    makeTrainer(std::move(job), sink)->run(stop);
    result.samplesPerSecond = median(std::move(speeds));
    return result;
}

} // namespace gradwright::cli
