// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/followed_training.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/rank_session.h"
#include "app/cli/training_options.h"
#include "app/cli/training_session.h"
#include "engine/graph/analysis.h"
#include "engine/metrics/quality_json.h"
#include "engine/project/class_balance.h"
#include "engine/project/own_project.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/support/counted.h"
#include "engine/support/json.h"
#include "engine/training/batch_advice.h"
#include "engine/training/objective.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iterator>
#include <memory>

namespace gradwright::cli {
namespace {

struct TrainOptions {
    std::string project;
    std::string resume;
    std::string from;
    std::string runDir;
    bool fit = false;
    bool quiet = false;
    bool json = false;
    int patience = 25;
    bool syncBatchNorm = false;
    std::string wire;
    bool afterBackward = false;
    bool scaleRate = false;
    std::string trace;
    std::string sharedJob; ///< the folder that the window has made for it
    TrainingOptions training;
};

/// Whether it fixes something without leaving out what the project has the network learn from.
bool isForFitting(const Fix& fix, const Project& project) {
    return !fix.assignment ||
           fix.assignment->leftOut.size() <= project.data.assignment.leftOut.size();
}

/// Makes the edits that the diagnostics propose, as long as they fix something.
void fitToData(Project& project) {
    auto info = openDataset(project.data).info;
    constexpr int kMostEdits = 8;
    for (int i = 0; i < kMostEdits; ++i) {
        const auto found =
            diagnoseTraining(project.network, analyze(project.network), info, project.training);
        const Fix* fix = nullptr;
        for (const auto& diagnostic : found)
            for (const auto& each : diagnostic.fixes)
                if (!fix && diagnostic.severity == Severity::Error && isForFitting(each, project))
                    fix = &each;
        if (!fix) {
            // What is left may be a loss for classes where there are values, or the reverse.
            if (std::ranges::any_of(
                    found, [](const Diagnostic& each) { return each.severity == Severity::Error; }))
                apply(project, gradwright::fitToData(project, info));
            return;
        }
        const auto before = project.data;
        apply(project, editOf(project, *fix));
        if (!opensAlike(before, project.data))
            info = openDataset(project.data).info;
        info.assignment = project.data.assignment;
    }
}

/// Puts the weights of the classes in place of the word "balanced", counted where the network
/// trains.
void countClasses(Project& project) {
    if (!wantsBalance(project.training))
        return;
    const auto data = openDataset(project.data);
    if (!data.info.hasClasses() || data.info.labels() > 1)
        throw UsageError("class weights can be balanced where each sample has one class");
    balanceClasses(project.training, countParts(data, splitOf(data, project.data)));
}

/// Says what trains and learns little.
void warnOf(const Project& project) {
    const auto analysis = analyze(project.network);
    auto found = analysis.diagnostics;
    std::ranges::move(batchAdvice(analysis, project.training), std::back_inserter(found));
    for (const auto& warning : found)
        if (warning.severity == Severity::Warning)
            fmt::print(stderr, "Warning: {}{}{}\n",
                       warning.place.path.empty() ? "" : warning.place.path + ": ", warning.message,
                       warning.fixes.empty()
                           ? std::string()
                           : fmt::format(" Fix: {}.", warning.fixes.front().title));
}

/// Scales the rate of a project whose steps have had so many samples, where it is asked for.
std::optional<RateScaling> scaledRate(const TrainOptions& options, TrainingSettings& settings,
                                      std::int64_t samplesBefore) {
    if (!options.scaleRate)
        return {};
    try {
        return gradwright::scaleRate(settings, samplesBefore);
    } catch (const Error& error) {
        throw UsageError("--scale-rate: {}", error.what());
    }
}

std::filesystem::path traceFile(const TrainOptions& options, const TrainingSettings& settings) {
    if (options.trace.empty())
        return {};
    if (settings.target().isGpu())
        throw UsageError("--trace follows the ops of the processor, not of {}",
                         settings.target().device);
    const auto file = std::filesystem::absolute(options.trace);
    if (std::error_code none; !std::filesystem::is_directory(file.parent_path(), none))
        throw UsageError("--trace {}: there is no folder {}", options.trace,
                         file.parent_path().string());
    return file;
}

TrainingJob jobOf(const TrainOptions& options) {
    if ((options.project.empty() ? 0 : 1) + (options.resume.empty() ? 0 : 1) +
            (options.from.empty() ? 0 : 1) !=
        1)
        throw UsageError("train takes a project (a file or template:NAME), --resume RUN or --from "
                         "RUN");
    const bool resuming = !options.resume.empty();
    if (resuming) {
        options.training.requireResumable();
        if (options.fit)
            throw UsageError("--fit cannot change a network that is being trained");
        if (options.scaleRate)
            throw UsageError("--scale-rate is for a new run; --resume keeps the rate of its run, "
                             "scaled or not");
        if (!options.runDir.empty())
            throw UsageError("--run-dir is for a new run; --resume writes to the run's own folder");
    }
    const bool continues = !options.from.empty();
    auto project = resuming    ? projectOfRun(RunDirectory::open(options.resume))
                   : continues ? projectOfRun(RunDirectory::open(options.from))
                               : openProject(options.project);
    if (continues)
        project.startWeights =
            std::filesystem::absolute(weightsOfRun(RunDirectory::open(options.from)));
    const auto samplesBefore = samplesOfStep(project.training);
    options.training.applyTo(project.training, project.data);
    const auto scaling = scaledRate(options, project.training, samplesBefore);
    countClasses(project);
    if (options.fit)
        fitToData(project);
    warnOf(project);

    const bool isTemplate = templateKeyOf(options.project).has_value();
    const auto file = isTemplate || resuming || continues
                          ? std::nullopt
                          : std::optional(std::filesystem::path(options.project));
    auto folder = !options.runDir.empty() ? std::filesystem::path(options.runDir)
                  : continues
                      ? std::filesystem::absolute(options.from).lexically_normal().parent_path()
                      : runsFolder(project, file);
    auto job = trainingJob(project, std::move(folder));
    job.resume = options.resume;
    job.rateScaling = scaling;
    job.trace = traceFile(options, job.settings);
    if (resuming && options.training.hasLearningRate())
        job.resumeRate = project.training.learningRate();
    return job;
}

Json resultJson(const TrainingResult& result) {
    Json json = {{"run", result.run.string()},
                 {"finished", result.finished.has_value()},
                 {"samples_per_second", result.samplesPerSecond},
                 {"data_wait_share", result.waitShare},
                 {"data_notes", result.notes},
                 {"alarms", toJson(result.alarms)}};
    if (result.finished) {
        json["epochs"] = result.finished->epochs;
        json["steps"] = result.finished->step;
        json["best_epoch"] = result.finished->bestEpoch;
        json["test_loss"] = result.finished->test.loss;
        const auto& quality = result.finished->test.quality;
        json[qualityKey(*quality.metric, "test_")] = quality.value;
        json["seconds"] = result.finished->seconds;
        if (result.finished->stoppedAfter > 0)
            json["stopped_after"] = result.finished->stoppedAfter;
    } else if (result.stopped) {
        json["steps"] = result.stopped->step;
    }
    if (result.validation) {
        const auto& quality = result.validation->quality;
        json[qualityKey(*quality.metric, "validation_")] = quality.value;
    }
    return json;
}

void printResult(const TrainingResult& result) {
    const auto& done = *result.finished;
    if (done.stoppedAfter > 0)
        printLine(fmt::format("Stopped early at epoch {}: no better result for {}.", done.epochs,
                              counted(done.stoppedAfter, "epoch")));
    printLine(fmt::format("Test {} (loss {:.4f}) over {}, with the weights of epoch {}.",
                          toString(done.test.quality), done.test.loss,
                          groupedCount(done.test.samples, "sample"), done.bestEpoch));
    printLine(fmt::format("Run {}", result.run.string()));
}

/// How the ranks share batches; a run is resumed as it began, unless options say otherwise.
void chooseSharing(TrainingJob& job, const TrainOptions& options) {
    keepSharing(job);
    job.sharesStatistics = job.sharesStatistics || options.syncBatchNorm;
    job.overlapsSums = !options.afterBackward;
    if (!options.wire.empty())
        job.roundsGradients = options.wire == "bf16";
}

void reportResult(const TrainOptions& options, const TrainingResult& result,
                  const std::optional<RateScaling>& scaling, int& exitCode) {
    if (options.json) {
        auto json = resultJson(result);
        if (scaling)
            json["rate_scaling"] = toJson(*scaling);
        printJson(json);
    }
    if (result.stopped) {
        fmt::print(stderr, "Stopped after step {}. Resume with: gradwright-cli train --resume {}\n",
                   result.stopped->step, result.run.string());
        exitCode = kFailed;
    } else if (!options.json && !options.quiet) {
        printResult(result);
    }
}

void trainJob(const TrainOptions& options, RankSession* ranks, const std::stop_token& stop,
              int& exitCode) {
    auto job = jobOf(options);
    chooseSharing(job, options);
    if (ranks)
        ranks->prepare(job);
    job.rankPatience = std::chrono::seconds(options.patience);
    const bool speaks = !ranks || ranks->isFirst();
    auto* progress = !speaks || options.quiet ? nullptr : options.json ? stderr : stdout;
    if (ranks && progress)
        fmt::print(progress, "{}\n", ranks->text());
    const auto scaling = job.rateScaling;
    const bool isOnGpu = job.settings.target().isGpu();
    const auto result = train(std::move(job), progress, stop);
    if (result.failure && result.failure->isInterrupted)
        throw Error("{} To continue: gradwright-cli train --resume {}{}", result.failure->message,
                    result.run.string(), isOnGpu ? ", with --device cpu on the CPU" : "");
    if (result.failure)
        throw Error(result.failure->message);
    if (speaks)
        reportResult(options, result, scaling, exitCode);
}

void runTrain(const TrainOptions& options, int& exitCode) {
    const Interrupt interrupt;
    const auto ranks = RankSession::join(interrupt.token());
    if (!options.sharedJob.empty() && !ranks)
        throw UsageError("--job is for processes that mpirun has started for another program");
    const auto work = [&] {
        if (options.sharedJob.empty())
            trainJob(options, ranks.get(), interrupt.token(), exitCode);
        else
            trainFollowed(options.sharedJob, *ranks, interrupt.token());
    };
    if (ranks)
        ranks->guard(work);
    else
        work();
}

} // namespace

void addTrainCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<TrainOptions>();
    auto* command = app.add_subcommand("train", "Train a network");
    command->add_option("project", options->project, "A project file or template:NAME");
    options->training.addTo(*command);
    command->add_option("--run-dir", options->runDir, "Folder in which the run's folder is made");
    command->add_option("--resume", options->resume, "Resume a run that was stopped");
    command->add_option("--from", options->from,
                        "A new run with the network, the data and the settings of a run, which "
                        "begins with its best weights; options change the settings");
    command->add_flag(
        "--fit", options->fit,
        "Give the network's Inputs their parts of the data, and the Inputs and the last "
        "Dense layer the sizes that the data need");
    command->add_flag("--quiet", options->quiet, "No progress");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->add_flag("--sync-batch-norm", options->syncBatchNorm,
                      "Under mpirun: normalize batches by the samples of all processes");
    command
        ->add_option("--wire", options->wire,
                     "Under mpirun: how gradients travel, full (the default) or bf16, in half "
                     "the bytes")
        ->check(CLI::IsMember({"full", "bf16"}));
    command->add_flag("--no-overlap", options->afterBackward,
                      "Under mpirun: sum gradients after the backward pass, not while it runs; "
                      "the weights are the same");
    command->add_flag("--scale-rate", options->scaleRate,
                      "The project's learning rate is for its batch: with a batch k times as large "
                      "take k times the rate, after a warm-up from the project's");
    command->add_option("--trace", options->trace,
                        "Write what the first steps do, op by op, to this file in Chrome's trace "
                        "format (ui.perfetto.dev shows it)");
    command
        ->add_option("--patience", options->patience,
                     "Under mpirun: seconds after which a process that does not answer is lost")
        ->check(CLI::Range(1, 86400))
        ->capture_default_str();
    command
        ->add_option("--job", options->sharedJob,
                     "What the window starts under mpirun: the folder of a training that it "
                     "follows")
        ->group(""); // for no person
    command->callback([options, &exitCode] { runTrain(*options, exitCode); });
}

} // namespace gradwright::cli
