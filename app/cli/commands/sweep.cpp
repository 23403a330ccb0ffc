// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/lab_session.h"
#include "engine/lab/kinds.h"
#include "engine/support/error.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gradwright::cli {
namespace {

/// Options that are settings of a kind of experiment under a name of the terminal's.
class SettingOptions {
public:
    SettingOptions(CLI::App& command, std::string_view kind)
        : command_(command)
        , kind_(kind) {}

    void add(const std::string& option, const std::string& setting) {
        const auto* spec = findParam(experimentKind(kind_).params, setting);
        auto doc = spec->doc;
        if (!spec->choices.empty()) {
            std::vector<std::string_view> keys;
            for (const auto& choice : spec->choices)
                keys.emplace_back(choice.key);
            doc += fmt::format(" {} ({}).", fmt::join(keys, ", "), toString(spec->defaultValue));
        }
        auto& value = given_.emplace_back(option, setting, std::make_unique<std::string>());
        command_.add_option(option, *std::get<2>(value), doc);
    }
    void applyTo(Experiment& experiment) const {
        for (const auto& [option, setting, text] : given_)
            if (command_.count(option) > 0)
                assignLabSetting(experiment, setting, *text, option);
    }

private:
    CLI::App& command_;
    std::string kind_;
    std::vector<std::tuple<std::string, std::string, std::unique_ptr<std::string>>> given_;
};

struct SweepOptions {
    LabOptions lab;
    std::vector<std::string> over;
    std::string adopt;
    std::unique_ptr<SettingOptions> settings;
};

void addAdopt(CLI::App& command, std::string& adopt) {
    command.add_option(
        "--adopt", adopt,
        "At the end, write a copy of the project with what was found into this file");
}

void runKind(const std::string& kind, SweepOptions& options, int& exitCode) {
    requireNewFile(options.adopt);
    Experiment experiment{kind, projectOf(options.lab), {}, experimentKind(kind).title};
    options.settings->applyTo(experiment);
    if (!options.over.empty())
        assignLabSetting(experiment, "over", fmt::format("{}", fmt::join(options.over, "; ")),
                         "--over");
    const auto folder = beginExperiment(experiment, options.lab, exitCode);
    if (!options.adopt.empty() && !folder.empty() && exitCode == kDone)
        adoptInto(options.adopt, ExperimentDirectory::open(folder));
}

} // namespace

void addSweepCommands(CLI::App& app, int& exitCode) {
    auto sweep = std::make_shared<SweepOptions>();
    auto* command = app.add_subcommand("sweep", "Find the best settings of a training");
    sweep->lab.addTo(*command);
    command
        ->add_option("--over", sweep->over,
                     "What is varied, KEY=LOW..HIGH, KEY=LOW..HIGH:log or KEY=a,b,c; KEY is one of "
                     "--set, optimizer, schedule, loss or layer.NAME.PARAMETER; may be repeated")
        ->expected(1)
        ->take_all()
        ->required();
    sweep->settings = std::make_unique<SettingOptions>(*command, "sweep");
    sweep->settings->add("--method", "method");
    sweep->settings->add("--trials", "trials");
    sweep->settings->add("--minutes", "minutes");
    sweep->settings->add("--objective", "objective");
    sweep->settings->add("--search-seed", "seed");
    sweep->settings->add("--least-epochs", "least_epochs");
    sweep->settings->add("--reduction", "reduction");
    addAdopt(*command, sweep->adopt);
    command->callback([sweep, &exitCode] { runKind("sweep", *sweep, exitCode); });

    auto sizes = std::make_shared<SweepOptions>();
    auto* batches = app.add_subcommand("batch-size", "Find the batch size that learns best");
    sizes->lab.addTo(*batches);
    sizes->settings = std::make_unique<SettingOptions>(*batches, "batch-size");
    sizes->settings->add("--smallest", "smallest");
    sizes->settings->add("--largest", "largest");
    sizes->settings->add("--rule", "rule");
    sizes->settings->add("--warmup", "warmup_epochs");
    sizes->settings->add("--repeats", "repeats");
    sizes->settings->add("--target-loss", "target_loss");
    addAdopt(*batches, sizes->adopt);
    batches->callback([sizes, &exitCode] { runKind("batch-size", *sizes, exitCode); });
}

} // namespace gradwright::cli
