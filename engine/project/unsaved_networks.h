// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/quality.h"
#include "engine/project/project.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// A run at a glance, without its steps.
struct RunSummary {
    std::filesystem::path folder;
    std::string name;
    std::chrono::system_clock::time_point time; ///< its last write
    std::int64_t epochs = 0;                    ///< done
    std::optional<Quality> best;                ///< of the best epoch
    bool finished = false;
    bool trained = false;  ///< it has made a step
    bool locked = false;   ///< it is being written
    std::string lockOwner; ///< digits of the process that writes it, where known
    std::uintmax_t bytes = 0;
};

/// Reads what `run` says of itself. A run.json or a metrics.jsonl that cannot be read leaves the
/// fields that depend on it as they are. Slow: on a background thread.
RunSummary summarize(const RunDirectory& run);

/// A project that has runs and no file: it was trained from a template or a blank canvas and never
/// saved, or its file is gone.
struct UnsavedNetwork {
    Project project;              ///< as it was left, else as its newest run kept it
    std::string problem;          ///< why the project cannot be read; empty when it can
    std::vector<RunSummary> runs; ///< newest first
    std::vector<std::filesystem::path> folders; ///< where they lie
    std::filesystem::path missingFile;          ///< its file, which is gone; empty: it had none
    std::uintmax_t bytes = 0;

    [[nodiscard]] std::chrono::system_clock::time_point time() const;
    /// The run with the best result, or nullptr where none has ended an epoch.
    [[nodiscard]] const RunSummary* best() const;
    [[nodiscard]] bool isTrained() const;
    [[nodiscard]] bool isLocked() const;
};

/// All of them, newest first. Of the project `files` that are gone, those are included whose runs
/// are still beside where they were. Slow; ends early, with what it has, when it is asked to.
std::vector<UnsavedNetwork> unsavedNetworks(const std::vector<std::filesystem::path>& files = {},
                                            const std::stop_token& stop = {});
/// The one whose runs lie in these folders; nothing where there is none, or when it is asked to
/// stop.
std::optional<UnsavedNetwork> readNetwork(const std::vector<std::filesystem::path>& folders,
                                          const std::stop_token& stop = {});

/// Whether a project of that UUID has a run without a file that has made a step.
bool hasUnsavedRuns(const std::string& uuid);

/// Keeps the state of a project without a file beside its runs, in the first of `folders` that
/// holds some, so that edits made since the last run come back with them. Throws Error.
void keepUnsaved(const Project& project, const std::vector<std::filesystem::path>& folders);

struct AdoptedRuns {
    std::vector<std::pair<std::filesystem::path, std::filesystem::path>> moved; ///< from, to
    std::vector<std::string> problems; ///< why others stay where they are
};

/// Moves the runs that the project of that UUID had without a file to beside `file`. Those that are
/// being written stay until the next call, and are not listed as unsaved meanwhile. What fails
/// stays as well. Between two file systems this is slow; there a stop leaves the rest for the next
/// call.
AdoptedRuns adoptRuns(const std::string& uuid, const std::filesystem::path& file,
                      const std::stop_token& stop = {});

/// Folders NAME.runs beside `file` that belong to no file any more and hold runs of that UUID: the
/// file was renamed, and they were left behind.
std::vector<std::filesystem::path> orphanedRuns(const std::string& uuid,
                                                const std::filesystem::path& file);

} // namespace gradwright
