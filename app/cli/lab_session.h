// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/training_options.h"
#include "engine/lab/experiment.h"

#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace gradwright::cli {

/// What all commands that do an experiment on a project take.
struct LabOptions {
    std::string project; ///< a file or template:NAME
    TrainingOptions training;
    std::string out; ///< folder in which the experiment's folder is made; empty: the project's
    bool planOnly = false;
    int jobs = 0; ///< trials at a time; 0: as the experiment says, one at first
    bool quiet = false;
    bool json = false;

    void addTo(CLI::App& command);
    /// --jobs alone.
    void addJobsTo(CLI::App& command);
};

/// The project that the options name, with their settings. Throws Error and UsageError.
Project projectOf(const LabOptions& options);

/// Plans the experiment, does it unless only the plan is wanted, and prints what it found. Returns
/// its folder, or an empty path where only the plan was wanted. Sets the exit code when it is
/// stopped. Throws Error and UsageError.
std::filesystem::path beginExperiment(Experiment experiment, const LabOptions& options,
                                      int& exitCode);
/// Does what is left of an experiment and prints what it found, as `options` say.
void doExperiment(const ExperimentDirectory& directory, const LabOptions& options, int& exitCode);

/// Prints what is known of an experiment: its report, as tables for a terminal or as JSON.
void printExperiment(const ExperimentDirectory& directory, bool json);

/// Takes key=value for a kind's settings. Throws UsageError naming the first that is none.
void assignLabSetting(Experiment& experiment, const std::string& assignment);
/// The same, for a value that was given as `option`.
void assignLabSetting(Experiment& experiment, const std::string& key, const std::string& text,
                      const std::string& option);

/// Throws Error where the file is there already; an empty name is none.
void requireNewFile(const std::string& file);
/// Writes a copy of an experiment's project with what was found into a new file and says so on
/// standard error. Throws Error where nothing follows from the experiment.
void adoptInto(const std::string& file, const ExperimentDirectory& directory);

} // namespace gradwright::cli
