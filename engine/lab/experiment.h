// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/folder_lock.h"
#include "engine/lab/procedure.h"
#include "engine/project/project.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// A question as experiment.json keeps it; with it, the same can be done again.
struct Experiment {
    std::string kind;     ///< of experimentKinds()
    Project project;      ///< as it was when the experiment was planned
    ParamValues settings; ///< of the kind's params, its seed among them
    std::string name;     ///< for lists; the kind's title at first
    int jobs = 1;         ///< trials at a time, where none waits for another
    /// Of each trial, which others ran when it was chosen, as in the experiment that is repeated;
    /// of those behind the last one, whichever run. See ExperimentDirectory::beside().
    std::vector<std::vector<std::int64_t>> beside = {};
    UnknownKeys extra = {};
};

inline constexpr int kMostJobs = 256;

/// Throws Error, in the words of what a person can change, where so many trials of an experiment
/// cannot run at a time: where one depends on another or their speed is measured, and where it is
/// open how many threads each training takes. With all of them trainings would only be in each
/// other's way, and with fewer than alone they might sum in another order.
void requireJobs(const Experiment& experiment, const Procedure& procedure, int jobs);

inline constexpr int kExperimentSchema = 1;

/// Throws Error naming what is wrong and where, and for a kind that this version does not know.
Experiment experimentFromJson(const Json& json);
/// Reads an experiment.json, or that of a folder. Throws Error naming the file.
Experiment loadExperiment(const std::filesystem::path& file);

enum class ExperimentState {
    Planned,  ///< no trial is finished
    Running,  ///< a process works on it
    Stopped,  ///< some trials are finished; it can be resumed
    Finished, ///< the report is written
};

/// "planned", "running", "stopped", "finished".
std::string_view nameOf(ExperimentState state);

/// A trial that has begun, and the numbers of those that ran then; a line of begun.jsonl.
struct BegunTrial {
    Trial trial;
    std::vector<std::int64_t> running;
};

/// The folder of one experiment: experiment.json, trials.jsonl with a line per finished trial,
/// trials/NUMBER with what a trial keeps, and at the end report.md and report.json. Where several
/// trials run at a time, early.jsonl has those that have ended before an earlier one, and
/// begun.jsonl each that was chosen by what had ended.
class ExperimentDirectory {
public:
    /// Makes `<UTC time>-<kind>` in `parent`, its parents included, and writes experiment.json with
    /// the plan. Throws Error.
    static ExperimentDirectory
    create(const std::filesystem::path& parent, const Experiment& experiment, const Plan& plan,
           std::chrono::system_clock::time_point time = std::chrono::system_clock::now());
    /// Throws Error when the folder is missing or is no experiment.
    static ExperimentDirectory open(const std::filesystem::path& path);
    /// The experiments in a folder, oldest first. A folder that does not exist has none.
    static std::vector<ExperimentDirectory> list(const std::filesystem::path& parent);

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::string name() const { return path_.filename().string(); }
    [[nodiscard]] std::filesystem::path experimentJson() const { return path_ / "experiment.json"; }
    [[nodiscard]] std::filesystem::path trialsFile() const { return path_ / "trials.jsonl"; }
    [[nodiscard]] std::filesystem::path begunFile() const { return path_ / "begun.jsonl"; }
    [[nodiscard]] std::filesystem::path earlyFile() const { return path_ / "early.jsonl"; }
    [[nodiscard]] std::filesystem::path reportJson() const { return path_ / "report.json"; }
    [[nodiscard]] std::filesystem::path reportMarkdown() const { return path_ / "report.md"; }
    /// "trials/0007"
    [[nodiscard]] std::filesystem::path trialFolder(std::int64_t number) const;

    [[nodiscard]] Experiment read() const { return loadExperiment(experimentJson()); }
    /// The finished trials in their order. A torn last line, as a kill leaves it, is passed over.
    /// Throws Error naming file and line for anything else that is none.
    [[nodiscard]] TrialResults results() const;
    /// Trials that have ended before earlier ones, by their numbers; none of results(). Throws
    /// Error as results() does.
    [[nodiscard]] TrialResults earlyResults() const;
    /// The trials that were chosen by what had ended, in the order of their numbers. Throws Error
    /// naming file and line.
    [[nodiscard]] std::vector<BegunTrial> begun() const;
    /// Of each trial, which others ran when it was chosen: what Experiment::beside takes to repeat
    /// this experiment to the bit.
    [[nodiscard]] std::vector<std::vector<std::int64_t>> beside() const;
    [[nodiscard]] ExperimentState state() const;
    /// Gives it another name, without spaces at the ends; also while it runs. Throws Error for an
    /// empty one, and where the file cannot be written.
    void rename(std::string_view name) const;
    /// Replaces report.md and report.json. Throws Error.
    void writeReport(const Report& report) const;

    /// The right to write it. Throws Error naming the process that has it.
    [[nodiscard]] FolderLock lock() const {
        return lockFolder(path_, "wait until it ends, or begin another experiment");
    }
    [[nodiscard]] bool isLocked() const { return isFolderLocked(path_); }

private:
    explicit ExperimentDirectory(std::filesystem::path path)
        : path_(std::move(path)) {}

    std::filesystem::path path_;
};

Json toJson(const BegunTrial& begun);
Json toJson(const TrialResult& result);
/// Throws Error naming `what` and the fault.
TrialResult trialResultFromJson(const Json& json, std::string_view what);

/// Where a project's experiments are kept: NAME.lab beside its file, or, without one, in a folder
/// named after its UUID under $XDG_DATA_HOME/gradwright/lab.
std::filesystem::path labFolder(const Project& project,
                                const std::optional<std::filesystem::path>& file);
/// The experiments of a project, oldest first: those beside its file, and those made before it had
/// one.
std::vector<ExperimentDirectory> experimentsOf(const Project& project,
                                               const std::optional<std::filesystem::path>& file);

} // namespace gradwright
