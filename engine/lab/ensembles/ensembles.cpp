// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/ensembles/ensembles.h"

#include "engine/classical/baseline.h"
#include "engine/ensembles/ensemble.h"
#include "engine/lab/ensembles/stacking.h"
#include "engine/lab/experiment.h"
#include "engine/lab/train_trial.h"
#include "engine/support/error.h"
#include "engine/training/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

const ParamSpecs& ensembleParams() {
    static const ParamSpecs params = {
        intParam("members", "Members", 5, 2, 100, "How many networks answer together."),
        choiceParam("of", "Members differ by", "seeds",
                    {{"seeds", "Seed", "Each begins with other weights and another order."},
                     {"folds", "Fold", "Each is trained without another part of the samples."},
                     {"snapshots", "Moment",
                      "One training in cycles of the learning rate, whose weights at the end of "
                      "each cycle are a member (Huang et al. 2017)."}},
                    "What makes the members different."),
        [] {
            auto stack = textParam(
                "stack", "Stacked with", "",
                "Classical methods with commas between them (forest,logistic): logistic "
                "regression learns from what they and the networks say of samples outside of "
                "their folds.");
            stack.visibleWhen = ParamCondition{"of", {std::string("folds")}};
            return stack;
        }()};
    return params;
}

Json partOf(const EnsembleScore::Part& part) {
    return {{"error", part.error}, {"quality", part.quality.value}};
}

fs::path snapshotFile(const fs::path& trial, std::int64_t cycle) {
    return trial / fmt::format("snapshot-{}.safetensors", cycle + 1);
}

class EnsembleProcedure final : public Procedure {
public:
    explicit EnsembleProcedure(const Experiment& experiment)
        : project_(experiment.project) {
        const Params params(ensembleParams(), experiment.settings);
        members_ = params.integer("members");
        of_ = params.text("of");
        methods_ = stackedMethods(params.text("stack"));
        if (!methods_.empty() && of_ != "folds")
            throw Error(
                "stacking needs members that differ by their fold: it learns from what they "
                "say of samples that they have not seen");
        if (of_ == "snapshots") {
            cycle_ = project_.training.epochs() / members_;
            if (cycle_ < 1)
                throw Error("{} snapshots need at least as many epochs, and there are {}", members_,
                            project_.training.epochs());
            project_.training.params["epochs"] = cycle_ * members_;
            project_.training.params["early_stopping"] = false;
            project_.training.schedule = {"cosine-restarts", {{"period", cycle_}}};
        }
    }

    [[nodiscard]] Plan plan() const override {
        const auto epochs = project_.training.epochs();
        const auto trainings = of_ == "snapshots" ? 1 : members_;
        std::vector<std::string> steps;
        if (of_ == "snapshots")
            steps.push_back(fmt::format("Train once for {} epochs, in {} cycles of the learning "
                                        "rate; keep the weights at the end of each.",
                                        epochs, members_));
        else
            steps.push_back(fmt::format("Train {} times for {} epochs, each with another {}.",
                                        members_, epochs, of_ == "folds" ? "fold" : "seed"));
        steps.emplace_back("Measure what they say together of the test set.");
        if (!methods_.empty())
            steps.push_back(fmt::format("Stack them with {} further method{}.", methods_.size(),
                                        methods_.size() == 1 ? "" : "s"));
        return {trainings + 1, static_cast<double>(trainings) + kTogetherCost, std::move(steps),
                static_cast<double>(trainings * epochs)};
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        const auto number = static_cast<std::int64_t>(done.size());
        const auto trainings = of_ == "snapshots" ? 1 : members_;
        if (number > trainings)
            return {};
        if (number == trainings)
            return Trial{number, "together", Json::object(), kTogetherCost};
        if (of_ == "snapshots")
            return Trial{number, fmt::format("{} cycles", members_), {{"cycles", members_}}};
        if (of_ == "folds")
            return Trial{
                number, fmt::format("fold {} of {}", number + 1, members_), {{"fold", number}}};
        const auto seed = project_.training.seed() + static_cast<std::uint64_t>(number);
        return Trial{number, fmt::format("seed {}", seed), {{"seed", seed}}};
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& done,
                            const TrialContext& context) override {
        if (trial.title == "together")
            return together(done, context);
        auto project = project_;
        if (of_ == "folds") {
            project.data.folds = members_;
            project.data.fold = trial.number;
        } else if (of_ == "seeds") {
            project.training.params["seed"] = trial.settings.at("seed").get<std::int64_t>();
        }
        const auto training =
            of_ == "snapshots" ? trainCycles(project, context) : trainTrial(project, context);
        if (!training)
            return {};
        return Json{{"run", training->run.filename().string()}};
    }

    [[nodiscard]] Report report(const TrialResults& done) const override;

private:
    static constexpr double kTogetherCost = 0.2; ///< beside a training

    [[nodiscard]] std::optional<TrialTraining> trainCycles(const Project& project,
                                                           const TrialContext& context) const {
        std::optional<TrialTraining> training;
        for (std::int64_t cycle = 0; cycle < members_; ++cycle) {
            const auto count = static_cast<double>(members_);
            training = trainTrial(project, context,
                                  {.resume = training ? training->run : fs::path(),
                                   .untilEpoch = (cycle + 1) * cycle_,
                                   .first = static_cast<double>(cycle) / count,
                                   .last = static_cast<double>(cycle + 1) / count});
            if (!training)
                return {};
            fs::copy_file(RunDirectory::open(training->run).lastWeights(),
                          snapshotFile(context.folder, cycle),
                          fs::copy_options::overwrite_existing);
        }
        return training;
    }

    /// Throws Error where a training has failed.
    [[nodiscard]] std::vector<Member> membersOf(const TrialResults& done,
                                                const fs::path& experiment) const {
        std::vector<Member> members;
        for (const auto& result : done) {
            if (result.hasFailed())
                throw Error("{} has failed, so the ensemble is not whole", result.trial.title);
            members.emplace_back(experiment / "trials" / fmt::format("{:04}", result.trial.number) /
                                 result.values.at("run").get<std::string>());
        }
        return members;
    }

    std::optional<Json> together(const TrialResults& done, const TrialContext& context) const {
        const auto members = membersOf(done, context.experiment);
        std::vector<Outcomes> answers;
        const auto tell = [&](double share) {
            if (context.progress)
                context.progress(share, "asking the members");
        };
        for (std::int64_t i = 0; i < members_; ++i) {
            tell(0.5 * static_cast<double>(i) / static_cast<double>(members_));
            auto said = answersOfMember(members, i, context);
            if (!said)
                return {};
            answers.push_back(std::move(*said));
        }
        const auto score = scoreEnsemble(answers);
        Json values = {{"metric", score.together.quality.metric->key},
                       {"mean", partOf(score.mean)},
                       {"together", partOf(score.together)},
                       {"disagreement", score.disagreement},
                       {"members", Json::array()}};
        for (const auto& part : score.members)
            values["members"].push_back(partOf(part));
        if (methods_.empty())
            return values;
        try {
            const auto stacked =
                stackedAnswers(members, methods_, project_.training.seed(),
                               Watch{context.stop, [&](double share) { tell(0.5 + share / 2); }});
            values["stacked"] = {
                {"error", meanError(stacked)},
                {"quality", score.together.quality.metric->value(stacked).value_or(0)}};
        } catch (const FitStopped&) {
            return {};
        }
        return values;
    }

    [[nodiscard]] std::optional<Outcomes> answersOfMember(const std::vector<Member>& members,
                                                          std::int64_t number,
                                                          const TrialContext& context) const {
        if (of_ != "snapshots")
            return members[static_cast<std::size_t>(number)].testAnswers(context.stop);
        const auto& member = members.front();
        const auto data = member.data();
        auto measured = member.measure(
            readCheckpointWeights(snapshotFile(context.experiment / "trials" / "0000", number)),
            data.test, allIndices(*data.test), context.stop);
        if (!measured)
            return {};
        restoreUnits(measured->outcomes, data.info.targetScaling);
        return std::move(measured->outcomes);
    }

    Project project_;
    std::int64_t members_ = 0;
    std::int64_t cycle_ = 0; ///< epochs of one
    std::string of_;
    std::vector<const MethodDef*> methods_;
};

Report EnsembleProcedure::report(const TrialResults& done) const {
    Report report;
    report.title = "Ensemble: " + project_.name;
    const auto found = std::ranges::find_if(
        done, [](const TrialResult& result) { return result.trial.title == "together"; });
    if (found == done.end()) {
        report.paragraphs.push_back(fmt::format(
            "{} trainings are done; what they say together is not measured yet.", done.size()));
        return report;
    }
    if (found->hasFailed()) {
        report.paragraphs.push_back(found->error);
        return report;
    }
    const auto& values = found->values;
    const auto& judged = metric(values.at("metric").get<std::string>());
    const auto text = [&](const Json& part) { return valueText(judged, part.at("quality")); };
    report.paragraphs.push_back(fmt::format(
        "Together the {} networks reach {} on the test set; a single one reaches {} on average.",
        members_, text(values.at("together")), text(values.at("mean"))));
    ReportTable table{"On the test set",
                      {"Model", judged.title,
                       judged.kind == MetricKind::Classes ? "Cross-entropy" : "Squared error"},
                      {}};
    const auto row = [&](const std::string& name, const Json& part) {
        table.rows.push_back(
            {name, text(part), fmt::format("{:.4f}", part.at("error").get<double>())});
    };
    for (std::size_t i = 0; i < values.at("members").size(); ++i)
        row(fmt::format("Member {}", i + 1), values.at("members")[i]);
    row("Mean of the members", values.at("mean"));
    row("All together", values.at("together"));
    if (values.contains("stacked"))
        row("Stacked", values.at("stacked"));
    report.tables.push_back(std::move(table));
    if (judged.kind == MetricKind::Classes)
        report.paragraphs.push_back(
            fmt::format("Two members read {:.2f} % of the samples differently, on average.",
                        100 * values.at("disagreement").get<double>()));
    report.data = values;
    return report;
}

} // namespace

ExperimentKind ensembleKind() {
    return {"ensemble", "Ensemble",
            "Trains several networks that differ by their seed, their samples or the moment, and "
            "measures what they say together: mostly better than any one of them.",
            ensembleParams(), [](const Experiment& experiment) -> std::unique_ptr<Procedure> {
                return std::make_unique<EnsembleProcedure>(experiment);
            }};
}

} // namespace gradwright
