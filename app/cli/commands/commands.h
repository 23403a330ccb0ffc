// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace CLI {
class App;
}

namespace gradwright::cli {

// Each adds its subcommands, which set the exit code and throw Error for what fails.

void addCatalogCommands(CLI::App& app, int& exitCode); ///< layers, templates, datasets, new
void addDevicesCommand(CLI::App& app, int& exitCode);
void addSummaryCommand(CLI::App& app, int& exitCode);
void addCalibrateCommand(CLI::App& app, int& exitCode);
void addTrainCommand(CLI::App& app, int& exitCode);
void addEvaluateCommand(CLI::App& app, int& exitCode);
void addPredictCommand(CLI::App& app, int& exitCode);
void addExportCommand(CLI::App& app, int& exitCode);
void addInferCommand(CLI::App& app, int& exitCode);
void addWeightsCommand(CLI::App& app, int& exitCode);
void addInspectCommand(CLI::App& app, int& exitCode);
void addBaselineCommand(CLI::App& app, int& exitCode);
void addEnsembleCommand(CLI::App& app, int& exitCode);
void addCompareCommand(CLI::App& app, int& exitCode);
void addLandscapeCommand(CLI::App& app, int& exitCode);
void addBenchCommand(CLI::App& app, int& exitCode);
void addFormatsCommand(CLI::App& app, int& exitCode);
void addOptimizeCommand(CLI::App& app, int& exitCode);
void addQuantizeCommand(CLI::App& app, int& exitCode);
void addEditCommand(CLI::App& app, int& exitCode);
void addDownloadCommand(CLI::App& app, int& exitCode);
void addDemoCommand(CLI::App& app, int& exitCode);
void addRunsCommand(CLI::App& app, int& exitCode);
void addScalingCommand(CLI::App& app, int& exitCode);
void addSubmitCommand(CLI::App& app, int& exitCode);
void addLabCommand(CLI::App& app, int& exitCode);    ///< lab and its subcommands
void addSweepCommands(CLI::App& app, int& exitCode); ///< sweep, batch-size

} // namespace gradwright::cli
