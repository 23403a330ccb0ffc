// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/baseline.h"

#include "app/cli/commands/commands.h"
#include "app/cli/commands/method_options.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/lab_session.h"
#include "app/cli/moving_line.h"
#include "app/cli/output.h"
#include "app/cli/training_options.h"
#include "engine/ensembles/member.h"
#include "engine/ensembles/saved_baseline.h"
#include "engine/metrics/confusion.h"
#include "engine/metrics/quality_json.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

namespace gradwright::cli {
namespace {

struct BaselineOptions {
    std::string subject;
    MethodOptions methods;
    std::string split = "test";
    std::size_t limit = 0;
    std::uint64_t seed = 1;
    bool confusion = false;
    bool json = false;
    bool list = false;
    std::string save;
};

/// A line of the table: a method, or the network.
struct BaselineRow {
    std::string key;
    std::string title;
    Outcomes outcomes;
    std::optional<double> fitSeconds;
    double answerSeconds = 0;
    std::string note;
};

bool isRunFolder(const std::string& path) {
    std::error_code none;
    return std::filesystem::is_directory(path, none);
}

Json rowJson(const BaselineRow& row) {
    const auto& metric = qualityMetric(row.outcomes.kind());
    Json json = {{"method", row.key}, {"title", row.title}, {"answer_seconds", row.answerSeconds}};
    json["fit_seconds"] = row.fitSeconds ? Json(*row.fitSeconds) : Json();
    if (const auto value = metric.value(row.outcomes))
        json[qualityKey(metric)] = *value;
    if (const auto balanced = balancedAccuracy(row.outcomes)) {
        json["balanced_accuracy"] = *balanced;
        json["confusion"] = confusionJson({row.outcomes.elements, readingsOf(row.outcomes)});
    }
    if (!row.note.empty())
        json["note"] = row.note;
    return json;
}

void printConfusion(const BaselineRow& row, const std::vector<std::string>& classes) {
    const ConfusionMatrix matrix(row.outcomes.elements, readingsOf(row.outcomes));
    std::size_t width = 5;
    for (const auto& name : classes)
        width = std::max(width, columnsOf(name));
    printLine(fmt::format("\n{}: class by class, what it was read as", row.title));
    std::string head(width, ' ');
    for (const auto& name : classes)
        head += fmt::format("  {}", padded(name, 6));
    printLine(head.substr(0, head.find_last_not_of(' ') + 1));
    for (std::size_t label = 0; label < matrix.classes(); ++label) {
        auto line = padded(classes[label], width);
        for (std::size_t said = 0; said < matrix.classes(); ++said)
            line += fmt::format("  {}", padded(grouped(matrix.count(label, said)),
                                               std::max<std::size_t>(6, columnsOf(classes[said]))));
        printLine(line.substr(0, line.find_last_not_of(' ') + 1));
    }
}

void printRows(const std::vector<BaselineRow>& rows) {
    const auto& first = rows.front().outcomes;
    const auto& metric = qualityMetric(first.kind());
    const bool uneven = hasUnevenClasses(first);
    std::size_t width = 6;
    for (const auto& row : rows)
        width = std::max(width, columnsOf(row.title));
    printLine(fmt::format("{}  {:>9}{}  {:>10}  {:>10}", padded("Method", width), metric.title,
                          uneven ? "   Balanced" : "", "Fit", "Answers"));
    for (const auto& row : rows) {
        const auto value = metric.value(row.outcomes);
        const auto balanced = balancedAccuracy(row.outcomes);
        printLine(fmt::format("{}  {:>9}{}  {:>10}  {:>10}", padded(row.title, width),
                              value ? valueText(metric, *value) : "-",
                              uneven ? fmt::format("  {:>9}", valueText(metric, *balanced)) : "",
                              row.fitSeconds ? fmt::format("{:.2f} s", *row.fitSeconds) : "-",
                              fmt::format("{:.2f} s", row.answerSeconds)));
        if (!row.note.empty())
            printLine("    " + row.note);
    }
    if (uneven)
        printLine("\nBalanced: the mean over the classes of the share that was read right, since "
                  "the classes are of uneven size.");
}

/// What the run's network says of the same samples.
BaselineRow networkRow(const Member& member, const Dataset& data, DataPart part,
                       const std::vector<std::uint32_t>& indices, const Interrupt& interrupt,
                       MovingLine& line) {
    const auto start = std::chrono::steady_clock::now();
    auto measured =
        member.measure(sourceOf(data, part), indices, interrupt.token(), [&](std::int64_t done) {
            line.show("Asking the network",
                      static_cast<double>(done) / static_cast<double>(indices.size()));
        });
    if (!measured)
        throw FitStopped{};
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    return {"network",
            "Network: " + member.project().name,
            std::move(measured->outcomes),
            {},
            taken.count(),
            {}};
}

void saveFitted(const BaselineOptions& options, SavedBaseline saved, Outcomes outcomes) {
    restoreUnits(outcomes, saved.info.targetScaling);
    const auto& metric = qualityMetric(outcomes.kind());
    saved.quality = metric.value(outcomes);
    saved.metric = metric.key;
    saveBaseline(options.save, saved);
    fmt::print(stderr, "Wrote {}\n", options.save);
}

struct BaselineReport {
    std::vector<BaselineRow> rows;
    std::vector<std::string> classes;
    std::size_t training = 0, measured = 0;
    std::vector<std::string> missing; ///< why methods were left out
};

BaselineReport measureAll(const BaselineOptions& options, const Interrupt& interrupt) {
    std::optional<Member> member;
    if (isRunFolder(options.subject))
        member.emplace(options.subject);
    const auto project = member ? member->project() : openProject(options.subject);
    const auto data = member ? member->data() : openDataset(project.data);
    BaselineReport report;
    report.classes = data.info.classes;
    const auto part = dataPart(options.split);
    auto learned = indicesOf(data, project.data, DataPart::Training);
    if (options.limit > 0 && options.limit < learned.size())
        learned.resize(options.limit);
    const auto asked = indicesOf(data, project.data, part);
    MovingLine line;
    const auto watch = [&](std::string what) {
        return Watch{interrupt.token(), [&line, what](double share) { line.show(what, share); }};
    };
    const auto training = samplesOf(*data.training, learned, data.info, watch("Reading samples"));
    const auto test = samplesOf(*sourceOf(data, part), asked, data.info, watch("Reading samples"));
    report.training = training.count();
    report.measured = test.count();
    for (const auto& [method, params] : options.methods.chosen(data.info.hasClasses())) {
        if (const auto reason = method->whyMissing ? method->whyMissing() : ""; !reason.empty()) {
            if (options.methods.areNamed())
                throw Error("{}", reason);
            if (std::ranges::find(report.missing, reason) == report.missing.end())
                report.missing.push_back(reason);
            continue;
        }
        auto made = measureBaseline(*method, params, training, test, options.seed,
                                    watch("Fitting: " + method->title));
        if (!made)
            throw FitStopped{};
        if (!options.save.empty())
            saveFitted(options,
                       {.method = method,
                        .params = params,
                        .seed = options.seed,
                        .learned = training.count(),
                        .quality = {},
                        .metric = {},
                        .project = project,
                        .info = data.info,
                        .model = made->model},
                       made->outcomes);
        report.rows.push_back({method->key, method->title, std::move(made->outcomes),
                               made->fitSeconds, made->answerSeconds, made->note});
    }
    if (member)
        report.rows.push_back(networkRow(*member, data, part, asked, interrupt, line));
    for (auto& row : report.rows)
        restoreUnits(row.outcomes, data.info.targetScaling);
    return report;
}

void runBaseline(const BaselineOptions& options, int& exitCode) {
    const Interrupt interrupt;
    try {
        const auto report = measureAll(options, interrupt);
        for (const auto& reason : report.missing)
            fmt::print(stderr, "Left out: {}\n", reason);
        if (options.json) {
            Json rows = Json::array();
            for (const auto& row : report.rows)
                rows.push_back(rowJson(row));
            printJson({{"training_samples", report.training},
                       {"samples", report.measured},
                       {"split", options.split},
                       {"classes", report.classes},
                       {"methods", std::move(rows)}});
            return;
        }
        printLine(fmt::format("{} learned, {} of the {} set asked.\n",
                              groupedCount(static_cast<std::int64_t>(report.training), "sample"),
                              groupedCount(static_cast<std::int64_t>(report.measured), "sample"),
                              options.split));
        printRows(report.rows);
        if (options.confusion && !report.classes.empty())
            for (const auto& row : report.rows)
                printConfusion(row, report.classes);
    } catch (const FitStopped&) {
        fmt::print(stderr, "Stopped.\n");
        exitCode = kFailed;
    }
}

void listMethods() {
    for (const auto& method : classicalMethods()) {
        const auto missing = method.whyMissing ? method.whyMissing() : std::string();
        printLine(fmt::format("{}  {}: {}", padded(method.key, 12), method.title, method.doc));
        for (const auto& param : method.params)
            printLine(fmt::format("    {}.{} ({}): {}", method.key, param.key,
                                  toString(param.defaultValue), param.doc));
        if (!missing.empty())
            printLine("    Not on this computer: " + missing);
    }
}

} // namespace

void addBaselineCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<BaselineOptions>();
    auto* command = app.add_subcommand(
        "baseline", "What classical methods make of a project's data: SVMs, trees, forests, "
                    "boosting, regressions, naive Bayes, nearest neighbours");
    command->add_option("project", options->subject,
                        "A project file, template:NAME, or a run, whose network is measured, too");
    options->methods.addTo(*command);
    command->add_option("--split", options->split, "What to measure on: test or validation (test)")
        ->check(CLI::IsMember({"test", "validation"}));
    command->add_option("--limit", options->limit, "Learn so many training samples at most")
        ->check(CLI::PositiveNumber);
    command->add_option("--seed", options->seed, "Of methods that draw numbers (1)");
    command->add_option(
        "--save", options->save,
        "Write the fitted method into a new file (.baseline), which \"predict\" and "
        "the Inference page read with");
    command->add_flag("--confusion", options->confusion, "Also print the confusion matrices");
    command->add_flag("--list", options->list, "List the methods with their parameters");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] {
        if (options->list)
            return listMethods();
        if (!options->save.empty() && options->methods.named() != 1)
            throw UsageError("--save takes a single method: name it with --methods");
        requireNewFile(options->save);
        if (options->subject.empty())
            throw UsageError("baseline takes a project (a file or template:NAME) or a run");
        runBaseline(*options, exitCode);
    });
}

} // namespace gradwright::cli
