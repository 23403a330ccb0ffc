// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/sweep/sweep.h"

#include "engine/lab/experiment.h"
#include "engine/lab/sweep/asha.h"
#include "engine/lab/sweep/samplers.h"
#include "engine/lab/sweep/sweep_report.h"
#include "engine/lab/train_trial.h"
#include "engine/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

const ParamSpecs& sweepParams() {
    static const ParamSpecs params = [] {
        auto trials = intParam("trials", "Trials", 30, 1, 100000,
                               "How many settings are tried at most; a grid tries all of its own.");
        auto minutes = zeroIs("no limit", realParam("minutes", "Minutes", 0, 0, 1e6,
                                                    "No trial begins after so many minutes of "
                                                    "trials, divided by how many run at a time."));
        auto least = intParam("least_epochs", "First rung", 1, 1, 100000,
                              "Epochs that each setting is given before the worst are given up.");
        auto reduction = intParam("reduction", "Reduction", 3, 2, 100,
                                  "One of so many settings reaches the next rung, which has so "
                                  "many times the epochs.");
        const ParamCondition isHalving{"method", {std::string("asha")}};
        least.visibleWhen = isHalving;
        reduction.visibleWhen = isHalving;
        return ParamSpecs{
            textParam("over", "Settings", "",
                      "What is varied: KEY=LOW..HIGH, KEY=LOW..HIGH:log or KEY=a,b,c, separated by "
                      "semicolons, such as learning_rate=0.0001..0.1:log; batch=16,32,64; "
                      "layer.hidden.units=32..512:log."),
            choiceParam(
                "method", "Method", "tpe",
                {{"tpe", "TPE", "Learns from the trials so far which settings are promising."},
                 {"random", "Random", "Draws settings evenly."},
                 {"sobol", "Sobol", "Spreads settings more evenly than chance does."},
                 {"grid", "Grid", "Tries all combinations."},
                 {"asha", "Successive halving",
                  "Draws many settings, trains each for a few epochs and only the best for all."}},
                "How settings are chosen."),
            std::move(trials),
            std::move(minutes),
            choiceParam("objective", "Objective", "quality",
                        {{"quality", "Validation quality",
                          "What trainings are judged by: accuracy, or R²."},
                         {"loss", "Validation loss", "The loss on the validation samples."}},
                        "What is to become best, in each trial's best epoch."),
            intParam("seed", "Seed", 1, 0, 9e15, "Seed of the settings that are drawn."),
            std::move(least),
            std::move(reduction)};
    }();
    return params;
}

class SweepProcedure final : public Procedure {
public:
    explicit SweepProcedure(const Experiment& experiment)
        : project_(experiment.project) {
        const Params params(sweepParams(), experiment.settings);
        outline_.name = experiment.project.name;
        outline_.space = searchSpaceFrom(params.text("over"), project_);
        outline_.byLoss = params.text("objective") == "loss";
        method_ = params.text("method");
        outline_.method = method_;
        seed_ = static_cast<std::uint64_t>(params.integer("seed"));
        minutes_ = params.real("minutes");
        jobs_ = experiment.jobs;
        areSeveral_ = experiment.jobs > 1 || !experiment.beside.empty();
        trials_ = method_ == "grid" ? gridSize(outline_.space) : params.integer("trials");
        if ((method_ == "random" || isHalving()) && isFinite(outline_.space))
            trials_ = std::min(trials_, gridSize(outline_.space)); // each is drawn once
        rungs_ = {std::min(params.integer("least_epochs"), project_.training.epochs()),
                  project_.training.epochs(), params.integer("reduction")};
        outline_.hasValidation = project_.data.validationFraction > 0;
        if (trials_ > 100000)
            throw Error("the grid has {} points; 100000 are the most: give shorter lists or fewer "
                        "points",
                        trials_);
        if (isHalving())
            for (const auto& dimension : outline_.space)
                if (dimension.key == "epochs")
                    throw Error("epochs: successive halving settles the epochs itself; choose "
                                "another method or vary other settings");
    }

    [[nodiscard]] Plan plan() const override {
        Plan plan;
        plan.trials = trials_;
        plan.cost = static_cast<double>(trials_);
        const auto epochs = static_cast<double>(rungs_.most);
        auto how = fmt::format("Try {} settings by {}: {}.", trials_, methodTitle(),
                               textOf(outline_.space));
        if (isHalving()) {
            const auto rungs = rungs_.epochs();
            std::int64_t begun = trials_;
            std::string texts;
            plan.cost = 0;
            plan.trials = 0;
            for (std::size_t rung = 0; rung < rungs.size() && begun > 0; ++rung) {
                const auto before = rung > 0 ? rungs[rung - 1] : 0;
                plan.trials += begun;
                plan.cost +=
                    static_cast<double>(begun) * static_cast<double>(rungs[rung] - before) / epochs;
                texts += fmt::format("{}{} for {}", rung > 0 ? ", " : "", begun, rungs[rung]);
                begun = order() == HalvingOrder::Rungs && begun > 0
                            ? std::max<std::int64_t>(begun / rungs_.reduction, 1)
                            : begun / rungs_.reduction;
            }
            plan.steps = {how, fmt::format("Train {} epochs.", texts)};
        } else {
            plan.steps = {how, fmt::format("Train each for {} epochs.", rungs_.most)};
        }
        plan.epochs = plan.cost * epochs;
        if (minutes_ > 0)
            plan.steps.push_back(
                fmt::format("No trial begins after {} minutes of trials.", minutes_));
        plan.steps.push_back(
            outline_.hasValidation
                ? fmt::format("Judge each by its best epoch's validation {}.",
                              outline_.byLoss ? "loss" : "quality")
                : std::string("There are no validation samples, so each is judged by the samples "
                              "that it trains with."));
        return plan;
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        return nextBeside(done, {});
    }

    [[nodiscard]] std::optional<Trial>
    nextBeside(const TrialResults& ended, const std::vector<Trial>& running) const override {
        double seconds = 0;
        for (const auto& result : ended)
            seconds += result.seconds;
        if (minutes_ > 0 && seconds >= minutes_ * 60 * jobs_)
            return {};
        const auto number = std::ssize(ended) + std::ssize(running);
        if (isHalving())
            return nextHalving(ended, running, number);
        if (number >= trials_)
            return {};
        const auto point = pointFor(ended, running, number);
        return Trial{number, textOf(outline_.space, point), {{"point", point}}};
    }

    [[nodiscard]] TrialsAtATime trialsAtATime() const override {
        return isHalving() || method_ == "tpe" || minutes_ > 0 ? TrialsAtATime::Chosen
                                                               : TrialsAtATime::Independent;
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& done,
                            const TrialContext& context) override {
        const auto project = projectAt(project_, outline_.space, pointOf(trial));
        TrialTrainingOptions options;
        if (isHalving()) {
            options.untilEpoch = trial.settings.at("epochs").get<std::int64_t>();
            if (trial.settings.at("rung").get<std::size_t>() > 0)
                options.resume =
                    context.experiment / firstOf(trial, done).values.at("run").get<std::string>();
        }
        const auto training = trainTrial(project, context, options);
        if (!training)
            return {};
        const auto best =
            outline_.byLoss ? leastLossOf(training->epochs) : bestEpochOf(training->epochs);
        if (!isHalving())
            dropWeights(training->run);
        Json values = {
            {"epoch", best.epoch},
            {"loss", best.loss},
            {"metric", best.quality.metric->key},
            {"quality", best.quality.value},
            {"samples_per_second", training->samplesPerSecond},
            {"run", std::filesystem::relative(training->run, context.experiment).generic_string()}};
        if (training->test)
            values["test_quality"] = training->test->quality.value;
        return values;
    }

    [[nodiscard]] Report report(const TrialResults& done) const override {
        return sweepReport(outline_, done);
    }

    [[nodiscard]] std::optional<Recommendation>
    recommendation(const TrialResults& done) const override {
        const auto* best = bestTrial(outline_, done);
        if (!best)
            return {};
        Recommendation recommendation{"Use these settings", {}};
        const auto point = pointOf(best->trial);
        for (const bool recipes : {true, false})
            for (std::size_t d = 0; d < outline_.space.size(); ++d) {
                const auto& key = outline_.space[d].key;
                if ((key == "optimizer" || key == "schedule" || key == "loss") == recipes)
                    recommendation.settings.emplace_back(key, point[d]);
            }
        return recommendation;
    }

    void tidy(const TrialResults& done, const std::filesystem::path& experiment) override {
        if (!isHalving())
            return;
        for (const auto& result : done)
            if (!result.hasFailed() && result.trial.settings.at("rung").get<int>() == 0)
                dropWeights(experiment / result.values.at("run").get<std::string>());
    }

private:
    [[nodiscard]] bool isHalving() const { return method_ == "asha"; }
    /// Where trials run one after the other, a rung can be waited for, unless time may end before.
    [[nodiscard]] HalvingOrder order() const {
        return minutes_ > 0 || areSeveral_ ? HalvingOrder::Asynchronous : HalvingOrder::Rungs;
    }
    [[nodiscard]] std::string methodTitle() const {
        for (const auto& choice : findParam(sweepParams(), "method")->choices)
            if (choice.key == method_)
                return choice.title;
        return method_;
    }
    static SearchPoint pointOf(const Trial& trial) {
        return trial.settings.at("point").get<SearchPoint>();
    }
    [[nodiscard]] SearchPoint pointFor(const TrialResults& ended, const std::vector<Trial>& running,
                                       std::int64_t number) const {
        if (method_ == "grid")
            return *gridPoint(outline_.space, number);
        if (method_ == "sobol")
            return sobolSearchPoint(outline_.space, seed_, number);
        if (method_ == "tpe") {
            std::vector<SearchPoint> points;
            for (const auto& trial : running)
                points.push_back(pointOf(trial));
            return tpePoint(outline_.space, seed_, searchResults(outline_, ended), points);
        }
        return randomPoint(outline_.space, seed_, number);
    }

    static AshaJob jobOf(const Trial& trial) {
        return {trial.settings.at("configuration").get<std::int64_t>(),
                trial.settings.at("rung").get<std::size_t>()};
    }
    [[nodiscard]] std::optional<Trial> nextHalving(const TrialResults& ended,
                                                   const std::vector<Trial>& running,
                                                   std::int64_t number) const {
        std::vector<AshaResult> results;
        for (const auto& result : ended) {
            const auto [configuration, rung] = jobOf(result.trial);
            results.push_back({configuration, rung, costOf(outline_, result)});
        }
        std::vector<AshaJob> jobs;
        for (const auto& trial : running)
            jobs.push_back(jobOf(trial));
        const auto job = nextAshaJob(rungs_, results, trials_, order(), jobs);
        if (!job)
            return {};
        const auto epochs = rungs_.epochs();
        const auto before = job->rung > 0 ? epochs[job->rung - 1] : 0;
        const auto point = randomPoint(outline_.space, seed_, job->configuration);
        Trial trial{
            number,
            fmt::format("{}, to epoch {}", textOf(outline_.space, point), epochs[job->rung]),
            {{"point", point},
             {"configuration", job->configuration},
             {"rung", job->rung},
             {"epochs", epochs[job->rung]}}};
        trial.cost =
            static_cast<double>(epochs[job->rung] - before) / static_cast<double>(rungs_.most);
        return trial;
    }

    /// The trial in which a configuration was begun, whose run is resumed.
    static const TrialResult& firstOf(const Trial& trial, const TrialResults& done) {
        const auto found = std::ranges::find_if(done, [&](const TrialResult& result) {
            return result.trial.settings.at("configuration") == trial.settings.at("configuration");
        });
        if (found == done.end() || found->hasFailed())
            throw Error("the training to be continued is missing");
        return *found;
    }

    Project project_;
    SweepOutline outline_;
    std::string method_;
    std::uint64_t seed_ = 1;
    double minutes_ = 0;
    int jobs_ = 1;
    bool areSeveral_ = false; ///< trials at a time, here or in the experiment that is repeated
    std::int64_t trials_ = 0;
    AshaRungs rungs_;
};

} // namespace

ExperimentKind sweepKind() {
    return {"sweep",
            "Sweep",
            "Trains the network with many different settings and finds those that are best, and "
            "which of them matter.",
            sweepParams(),
            [](const Experiment& experiment) -> std::unique_ptr<Procedure> {
                return std::make_unique<SweepProcedure>(experiment);
            },
            [](const Project& project) -> ParamValues {
                const double rate = project.training.learningRate();
                return {{"over", fmt::format("learning_rate={:.3g}..{:.3g}:log; batch=16,32,64,128",
                                             rate / 10, std::min(rate * 10, 1000.0))}};
            }};
}

} // namespace gradwright
