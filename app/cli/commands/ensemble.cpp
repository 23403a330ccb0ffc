// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ensembles/ensemble.h"

#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/lab_session.h"
#include "app/cli/moving_line.h"
#include "app/cli/output.h"
#include "engine/ensembles/significance.h"
#include "engine/lab/kinds.h"
#include "engine/metrics/quality_json.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace gradwright::cli {
namespace {

/// What each run says of its test set; nothing when stopped. Throws Error where they cannot be set
/// side by side.
std::optional<std::vector<Outcomes>> answersOfRuns(const std::vector<std::string>& runs,
                                                   const std::stop_token& stop) {
    std::vector<Member> members;
    for (const auto& run : runs) {
        members.emplace_back(run);
        requireAlike(members.front(), members.back());
    }
    std::vector<Outcomes> answers;
    MovingLine line;
    for (std::size_t i = 0; i < members.size(); ++i) {
        auto said = members[i].testAnswers(stop, [&](double share) {
            line.show(fmt::format("Asking run {} of {}", i + 1, members.size()), share);
        });
        if (!said)
            return {};
        if (i > 0 &&
            (said->labels != answers.front().labels || said->targets != answers.front().targets))
            throw Error("{} and {} have other samples to test on", runs.front(), runs[i]);
        answers.push_back(std::move(*said));
    }
    return answers;
}

const char* errorName(const Outcomes& outcomes) {
    return outcomes.kind() == MetricKind::Classes ? "Cross-entropy" : "Squared error";
}

Json partJson(const EnsembleScore::Part& part) {
    return {{"error", part.error}, {qualityKey(*part.quality.metric), part.quality.value}};
}

void printEnsemble(const std::vector<std::string>& runs, const EnsembleScore& score,
                   const Outcomes& first) {
    const auto& metric = *score.together.quality.metric;
    std::size_t width = 18;
    for (const auto& run : runs)
        width = std::max(width, columnsOf(run));
    printLine(fmt::format("{}  {:>10}  {:>13}", padded("", width), metric.title, errorName(first)));
    const auto row = [&](const std::string& name, const EnsembleScore::Part& part) {
        printLine(fmt::format("{}  {:>10}  {:>13.4f}", padded(name, width),
                              valueText(metric, part.quality.value), part.error));
    };
    for (std::size_t i = 0; i < runs.size(); ++i)
        row(runs[i], score.members[i]);
    row("Mean of the runs", score.mean);
    row("All together", score.together);
    if (first.kind() == MetricKind::Classes)
        printLine(fmt::format("\nTwo of them read {:.2f} % of the samples differently, on average.",
                              100 * score.disagreement));
}

void runEnsemble(const std::vector<std::string>& runs, bool json, int& exitCode) {
    const Interrupt interrupt;
    const auto answers = answersOfRuns(runs, interrupt.token());
    if (!answers) {
        fmt::print(stderr, "Stopped.\n");
        exitCode = kFailed;
        return;
    }
    const auto score = scoreEnsemble(*answers);
    if (!json)
        return printEnsemble(runs, score, answers->front());
    Json members = Json::array();
    for (std::size_t i = 0; i < runs.size(); ++i) {
        members.push_back(partJson(score.members[i]));
        members.back()["run"] = runs[i];
    }
    printJson({{"samples", answers->front().samples()},
               {"members", std::move(members)},
               {"mean", partJson(score.mean)},
               {"together", partJson(score.together)},
               {"disagreement", score.disagreement}});
}

struct CompareOptions {
    std::string first, second;
    std::int64_t draws = 10000;
    std::uint64_t seed = 1;
    bool json = false;
};

void printComparison(const CompareOptions& options, const std::vector<Outcomes>& answers,
                     const std::optional<McNemar>& test, const PairedBootstrap& bootstrap) {
    const auto& metric = qualityMetric(answers.front().kind());
    for (std::size_t i = 0; i < 2; ++i)
        printLine(fmt::format("{}  {} {}", i == 0 ? "A" : "B",
                              valueText(metric, metric.value(answers[i]).value_or(0)),
                              i == 0 ? options.first : options.second));
    if (test)
        printLine(
            fmt::format("\nMcNemar: A alone is right about {}, B alone about {}; p = {:.4g} ({}).",
                        counted(test->firstOnly, "sample"), test->secondOnly, test->p,
                        test->isExact ? "exact" : "χ² with continuity correction"));
    const auto text = [&](double value) {
        return test ? fmt::format("{:+.2f} points", 100 * value) : fmt::format("{:+.4g}", value);
    };
    printLine(fmt::format("{}Bootstrap over {} draws: {} of B minus that of A {}, 95 % between {} "
                          "and {}; p = {:.4g}.",
                          test ? "" : "\n", grouped(bootstrap.draws),
                          test ? "accuracy" : "squared error", text(bootstrap.difference),
                          text(bootstrap.low), text(bootstrap.high), bootstrap.p));
    constexpr double kLevel = 0.05;
    const bool differ = (test ? test->p : bootstrap.p) < kLevel;
    printLine(differ ? "\nThe two differ on this test set: so large a difference would come by "
                       "chance in fewer than 5 % of cases."
                     : "\nThis test set does not tell them apart: so large a difference may be "
                       "chance.");
}

void runCompare(const CompareOptions& options, int& exitCode) {
    const Interrupt interrupt;
    const auto answers = answersOfRuns({options.first, options.second}, interrupt.token());
    if (!answers) {
        fmt::print(stderr, "Stopped.\n");
        exitCode = kFailed;
        return;
    }
    const auto& first = answers->front();
    const auto& second = answers->back();
    std::optional<McNemar> test;
    if (first.kind() == MetricKind::Classes)
        test = mcNemar(first, second);
    const auto bootstrap =
        pairedBootstrap(samplewise(first), samplewise(second), options.draws, options.seed);
    if (!options.json)
        return printComparison(options, *answers, test, bootstrap);
    const auto& metric = qualityMetric(first.kind());
    Json json = {{"samples", first.samples()},
                 {"first", metric.value(first).value_or(0)},
                 {"second", metric.value(second).value_or(0)},
                 {"metric", metric.key},
                 {"bootstrap",
                  {{"difference", bootstrap.difference},
                   {"low", bootstrap.low},
                   {"high", bootstrap.high},
                   {"p", bootstrap.p},
                   {"draws", bootstrap.draws}}}};
    if (test)
        json["mcnemar"] = {{"first_only", test->firstOnly},
                           {"second_only", test->secondOnly},
                           {"p", test->p},
                           {"exact", test->isExact}};
    printJson(json);
}

} // namespace

void addEnsembleCommand(CLI::App& app, int& exitCode) {
    struct Options {
        std::vector<std::string> runs;
        std::int64_t bag = 0;
        std::string of = "seeds";
        std::string stack;
        LabOptions lab;
    };
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "ensemble", "What several runs say together, as the mean of their outputs, on their test "
                    "set; --bag trains them");
    command
        ->add_option("runs", options->runs,
                     "Folders of runs on the same data; with --bag a project file or template:NAME")
        ->required();
    command->add_option("--bag", options->bag, "Train so many networks of a project first")
        ->check(CLI::Range(std::int64_t{2}, std::int64_t{100}));
    command
        ->add_option("--of", options->of,
                     "What they differ by: seeds, folds, or snapshots of one training (seeds)")
        ->check(CLI::IsMember({"seeds", "folds", "snapshots"}));
    command->add_option("--stack", options->stack,
                        "With --of folds: classical methods that logistic regression learns to "
                        "weigh beside the networks (forest,knn)");
    options->lab.training.addTo(*command);
    command->add_option("--out", options->lab.out,
                        "Folder in which the experiment's folder is made");
    command->add_flag("--plan", options->lab.planOnly, "Say what would be done, and do nothing");
    command->add_flag("--quiet", options->lab.quiet, "No progress");
    command->add_flag("--json", options->lab.json, "One JSON document on standard output");
    command->callback([options, &exitCode] {
        if (options->bag == 0) {
            if (options->runs.size() < 2)
                throw UsageError("ensemble takes at least two runs, or a project and --bag");
            return runEnsemble(options->runs, options->lab.json, exitCode);
        }
        if (options->runs.size() != 1)
            throw UsageError("--bag takes one project, not {}", options->runs.size());
        options->lab.project = options->runs.front();
        Experiment experiment{
            "ensemble", projectOf(options->lab), {}, experimentKind("ensemble").title};
        experiment.settings = {{"members", options->bag}, {"of", options->of}};
        if (!options->stack.empty())
            experiment.settings["stack"] = options->stack;
        beginExperiment(experiment, options->lab, exitCode);
    });
}

void addCompareCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<CompareOptions>();
    auto* command = app.add_subcommand(
        "compare", "Whether two runs differ on their test set, or only seem to: McNemar's test and "
                   "a paired bootstrap");
    command->add_option("first", options->first, "Folder of a run")->required();
    command->add_option("second", options->second, "Folder of another run on the same data")
        ->required();
    command->add_option("--draws", options->draws, "Of the bootstrap (10,000)")
        ->check(CLI::Range(std::int64_t{100}, std::int64_t{1'000'000}));
    command->add_option("--seed", options->seed, "Of the bootstrap (1)");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] { runCompare(*options, exitCode); });
}

} // namespace gradwright::cli
