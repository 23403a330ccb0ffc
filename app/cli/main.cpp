// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/worker/worker_main.h"
#include "engine/support/brief_spinning.h"
#include "engine/support/version.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>
#include <string>

int main(int argc, char** argv) {
    using namespace gradwright::cli;
    gradwright::startWithBriefSpinning(argv);
    if (gradwright::isWorkerName(argc > 0 ? argv[0] : nullptr))
        return gradwright::workerMain(argc, argv);
    CLI::App app{"Gradwright in the terminal: design, train and use neural networks.",
                 "gradwright-cli"};
    app.set_version_flag("--version", gradwright::kVersion);
    app.require_subcommand(1);

    int exitCode = kDone;
    addCatalogCommands(app, exitCode);
    addDevicesCommand(app, exitCode);
    addSummaryCommand(app, exitCode);
    addCalibrateCommand(app, exitCode);
    addTrainCommand(app, exitCode);
    addEvaluateCommand(app, exitCode);
    addPredictCommand(app, exitCode);
    addExportCommand(app, exitCode);
    addInspectCommand(app, exitCode);
    addOptimizeCommand(app, exitCode);
    addQuantizeCommand(app, exitCode);
    addBaselineCommand(app, exitCode);
    addEnsembleCommand(app, exitCode);
    addCompareCommand(app, exitCode);
    addLandscapeCommand(app, exitCode);
    addBenchCommand(app, exitCode);
    addFormatsCommand(app, exitCode);
    addEditCommand(app, exitCode);
    addInferCommand(app, exitCode);
    addWeightsCommand(app, exitCode);
    addDemoCommand(app, exitCode);
    addDownloadCommand(app, exitCode);
    addRunsCommand(app, exitCode);
    addScalingCommand(app, exitCode);
    addSubmitCommand(app, exitCode);
    addLabCommand(app, exitCode);
    addSweepCommands(app, exitCode);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0)
            return app.exit(error); // --help and --version
        // CLI11 would only say that a command is required.
        const auto unknown = app.remaining();
        const auto message = app.get_subcommands().empty() && !unknown.empty()
                                 ? fmt::format("there is no command \"{}\"", unknown.front())
                                 : std::string(error.what());
        fmt::print(stderr, "gradwright-cli: {} (--help lists the options)\n", message);
        return kUsage;
    } catch (const UsageError& error) {
        fmt::print(stderr, "gradwright-cli: {}\n", error.what());
        return kUsage;
    } catch (const std::bad_alloc&) {
        fmt::print(stderr, "gradwright-cli: there is not enough memory\n");
        return kFailed;
    } catch (const std::exception& error) {
        fmt::print(stderr, "gradwright-cli: {}\n", error.what());
        return kFailed;
    }
    return exitCode;
}
