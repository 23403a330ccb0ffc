// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/train_trial.h"

#include "engine/io/json_lines.h"
#include "engine/io/line_scan.h"
#include "engine/io/run_directory.h"
#include "engine/metrics/quality_json.h"
#include "engine/support/error.h"
#include "engine/training/processes.h"
#include "engine/worker/remote_trainer.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <system_error>

namespace gradwright {
namespace {

double medianSpeed(const std::vector<LoggedEpoch>& epochs) {
    if (epochs.empty())
        return 0;
    std::vector<double> speeds;
    for (const auto& epoch : epochs)
        speeds.push_back(epoch.samplesPerSecond);
    std::ranges::sort(speeds);
    return speeds[speeds.size() / 2];
}

/// A number that JSON lacks was written as null.
double numberIn(const Json& record, const char* key) {
    const auto found = record.find(key);
    return found != record.end() && found->is_number() ? found->get<double>() : std::nan("");
}

template <class IsBetter>
BestEpoch bestBy(const std::vector<LoggedEpoch>& epochs, IsBetter better) {
    BestEpoch best;
    for (const auto& epoch : epochs) {
        if (!epoch.validation) {
            best = {epoch.epoch, epoch.trainingLoss, epoch.trainingQuality};
            continue;
        }
        const BestEpoch candidate{epoch.epoch, epoch.validation->loss, epoch.validation->quality};
        if (best.epoch == 0 || better(candidate, best))
            best = candidate;
    }
    return best;
}

/// What the events of a training say of its trial.
struct TrialEvents {
    std::filesystem::path run;
    std::vector<std::string> weights;
    std::optional<Finished> finished;
    std::optional<Failed> failed;
    std::int64_t stepsPerEpoch = 1;
    double seconds = 0;
};

} // namespace

std::vector<LoggedEpoch> loggedEpochs(const std::filesystem::path& run) {
    std::map<std::int64_t, LoggedEpoch> epochs;
    double seconds = 0;
    const auto log = RunDirectory::open(run).metrics();
    scanLines(log, [&](std::string_view line, std::size_t lineNumber) {
        seconds = numberInLine(line, "seconds").value_or(seconds);
        if (!isInLine(line, "epoch_loss"))
            return; // a step, of which there are many
        const auto record = parseJson(line, fmt::format("{}, line {}", log.string(), lineNumber));
        LoggedEpoch epoch;
        epoch.seconds = seconds;
        epoch.epoch = std::llround(numberIn(record, "epoch"));
        epoch.trainingLoss = numberIn(record, "epoch_loss");
        epoch.samplesPerSecond = numberIn(record, "samples_per_second");
        if (const auto quality = qualityIn(record, "epoch_"))
            epoch.trainingQuality = *quality;
        if (record.contains("validation_loss")) {
            epoch.validation = Score{.loss = numberIn(record, "validation_loss"), .quality = {}};
            if (const auto quality = qualityIn(record, "validation_"))
                epoch.validation->quality = *quality;
        }
        epochs.insert_or_assign(epoch.epoch, epoch);
    });
    std::vector<LoggedEpoch> list;
    for (const auto& [number, epoch] : epochs)
        list.push_back(epoch);
    return list;
}

std::vector<std::vector<double>> loggedGradients(const std::filesystem::path& run) {
    std::vector<std::vector<double>> steps;
    for (const auto& record : readJsonLines(RunDirectory::open(run).metrics()).records) {
        if (!record.is_object() || !record.contains("gradient_norms"))
            continue;
        auto& norms = steps.emplace_back();
        for (const auto& norm : record.at("gradient_norms"))
            norms.push_back(norm.is_number() ? norm.get<double>() : std::nan(""));
    }
    return steps;
}

Json lossCurve(const std::filesystem::path& run, std::size_t points) {
    std::vector<std::pair<double, double>> steps;
    for (const auto& record : readJsonLines(RunDirectory::open(run).metrics()).records)
        if (record.is_object() && record.contains("loss") && record.contains("epoch"))
            steps.emplace_back(numberIn(record, "epoch"), numberIn(record, "loss"));
    const std::size_t stride = (steps.size() + points - 1) / std::max<std::size_t>(points, 1);
    Json curve = Json::array();
    for (std::size_t first = 0; first < steps.size(); first += stride) {
        const auto end = std::min(steps.size(), first + stride);
        double sum = 0;
        for (auto i = first; i < end; ++i)
            sum += steps[i].second;
        curve.push_back({steps[end - 1].first, sum / static_cast<double>(end - first)});
    }
    return curve;
}

std::optional<TrialTraining> trainTrial(const Project& project, const TrialContext& context,
                                        const TrialTrainingOptions& options) {
    auto job = trainingJob(project, context.folder);
    job.settings = inOneProcess(job.settings); // trials are compared, and are many
    job.name = "trial";
    job.resume = options.resume;
    job.keepsWhenStopped = false; // a trial that is given up begins anew
    const auto epochs = project.training.epochs();
    const bool endsEarly = options.untilEpoch > 0 && options.untilEpoch < epochs;
    const auto wanted = static_cast<double>(endsEarly ? options.untilEpoch : epochs);

    std::stop_source ending;
    const std::stop_callback forward(context.stop, [&ending] { ending.request_stop(); });
    TrialEvents events;
    bool isEnough = false;
    const auto sink = [&](const TrainingEvent& event) {
        if (const auto* started = std::get_if<RunStarted>(&event)) {
            events.run = started->run;
            events.weights = started->weights;
            events.stepsPerEpoch = std::max<std::int64_t>(started->stepsPerEpoch, 1);
        } else if (const auto* step = std::get_if<StepDone>(&event)) {
            events.seconds = step->seconds;
            if (context.progress)
                context.progress(options.first +
                                     (options.last - options.first) * step->epoch / wanted,
                                 fmt::format("epoch {} of {}", std::ceil(step->epoch), wanted));
        } else if (const auto* epoch = std::get_if<EpochDone>(&event)) {
            // Asked for on the training's thread, so that no further step is taken.
            const bool isLast = endsEarly ? epoch->epoch >= options.untilEpoch
                                          : options.withoutTest && epoch->epoch >= epochs;
            if (isLast) {
                isEnough = true;
                ending.request_stop();
            }
        } else if (const auto* finished = std::get_if<Finished>(&event)) {
            events.finished = *finished;
        } else if (const auto* failed = std::get_if<Failed>(&event)) {
            events.failed = *failed;
        }
    };
    makeTrainer(std::move(job), sink)->run(ending.get_token());
    if (context.stop.stop_requested() && !events.finished)
        return {};
    if (events.failed)
        throw Error(events.failed->message);
    if (!events.finished && !isEnough)
        return {};

    TrialTraining training;
    training.run = events.run;
    training.weights = std::move(events.weights);
    training.epochs = loggedEpochs(events.run);
    if (endsEarly) // a worker may have trained on before it heard of the end
        std::erase_if(training.epochs,
                      [&](const auto& epoch) { return epoch.epoch > options.untilEpoch; });
    if (events.finished)
        training.test = events.finished->test;
    training.samplesPerSecond = medianSpeed(training.epochs);
    training.seconds = events.finished ? events.finished->runSeconds : events.seconds;
    return training;
}

BestEpoch bestEpochOf(const std::vector<LoggedEpoch>& epochs) {
    return bestBy(epochs, [](const BestEpoch& a, const BestEpoch& b) {
        return isBetter(a.quality, b.quality) || (a.quality == b.quality && a.loss < b.loss);
    });
}

BestEpoch leastLossOf(const std::vector<LoggedEpoch>& epochs) {
    return bestBy(epochs, [](const BestEpoch& a, const BestEpoch& b) {
        return a.loss < b.loss || std::isnan(b.loss);
    });
}

void dropWeights(const std::filesystem::path& run) {
    const auto directory = RunDirectory::open(run);
    for (const auto& file : {directory.lastWeights(), directory.bestWeights()}) {
        std::error_code failure;
        std::filesystem::remove(file, failure);
        if (failure)
            throw Error("{}: cannot be removed ({})", file.string(), failure.message());
    }
}

} // namespace gradwright
