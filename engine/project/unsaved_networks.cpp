// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/unsaved_networks.h"

#include "engine/io/atomic_file.h"
#include "engine/io/move_run.h"
#include "engine/metrics/quality_json.h"
#include "engine/project/project_file.h"
#include "engine/project/run_label.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <map>
#include <sstream>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;
using Time = std::chrono::system_clock::time_point;

constexpr auto kKept = "unsaved.gradwright"; ///< the project as it was left
constexpr auto kSavedAs = "saved-as";        ///< the file that the project has by now

Time timeOf(const fs::path& path) {
    std::error_code failure;
    const auto time = fs::last_write_time(path, failure);
    return failure ? Time{}
                   : std::chrono::time_point_cast<Time::duration>(
                         std::chrono::file_clock::to_sys(time));
}

std::uintmax_t sizeOf(const fs::path& folder) {
    std::uintmax_t bytes = 0;
    std::error_code failure;
    fs::recursive_directory_iterator entry(folder, failure);
    for (const fs::recursive_directory_iterator end; !failure && entry != end;
         entry.increment(failure)) {
        std::error_code none;
        if (const auto status = entry->symlink_status(none); fs::is_regular_file(status))
            if (const auto size = entry->file_size(none); !none)
                bytes += size;
    }
    return bytes;
}

/// Whether a line of metrics.jsonl reports steps.
bool tellsOfSteps(const std::string& line) {
    return line.find("\"loss\"") != std::string::npos;
}

/// Steps are logged a few hundred times per epoch; before the first line the checkpoint knows.
bool hasSteppedCheckpoint(const RunDirectory& run) {
    std::error_code none;
    if (!fs::exists(run.lastWeights(), none))
        return false;
    try {
        return stepsOfCheckpoint(run.lastWeights()) > 0;
    } catch (const Error&) {
        return false; // it cannot be used
    }
}

bool hasMadeSteps(const RunDirectory& run) {
    std::ifstream lines(run.metrics());
    std::string line;
    while (std::getline(lines, line))
        if (tellsOfSteps(line))
            return true;
    return hasSteppedCheckpoint(run);
}

/// The lines of epochs alone are parsed: a run may have a hundred thousand of steps.
void readMetrics(const fs::path& file, RunSummary& summary) {
    std::ifstream lines(file);
    std::string line;
    while (std::getline(lines, line) && !lines.eof()) {
        if (!summary.trained)
            summary.trained = tellsOfSteps(line);
        if (line.find("\"epoch_loss\"") == std::string::npos)
            continue;
        const auto json = Json::parse(line, nullptr, false);
        if (!json.is_object())
            continue;
        if (const auto epoch = json.find("epoch"); epoch != json.end() && epoch->is_number())
            summary.epochs = static_cast<std::int64_t>(epoch->get<double>());
        if (json.value("best", Json()) != Json(true))
            continue;
        summary.best = qualityIn(json, "validation_");
        if (!summary.best || std::isnan(summary.best->value))
            summary.best = qualityIn(json, "epoch_");
        if (summary.best && std::isnan(summary.best->value))
            summary.best.reset();
    }
}

/// When the run began, according to its name; run.json is written again at the end.
Time startOf(const RunSummary& run) {
    std::tm time{};
    std::istringstream name(run.folder.filename().string());
    name >> std::get_time(&time, "%Y-%m-%dT%H-%M-%S");
    return name.fail() ? Time{} : std::chrono::system_clock::from_time_t(::timegm(&time));
}

bool onOneFileSystem(const fs::path& a, const fs::path& b) {
    struct stat first {};
    struct stat second {};
    return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
           first.st_dev == second.st_dev;
}

/// The file that a folder's runs belong to by now; empty where that is not there any more.
fs::path savedAs(const fs::path& folder) {
    std::ifstream file(folder / kSavedAs);
    std::string path;
    std::getline(file, path);
    std::error_code none;
    return !path.empty() && fs::exists(path, none) ? fs::path(path) : fs::path();
}

void readProject(UnsavedNetwork& network) {
    for (const auto& run : network.runs) {
        try {
            network.project = projectToGoOnWith(RunDirectory::open(run.folder));
            network.problem.clear();
            break;
        } catch (const std::exception& error) {
            if (network.problem.empty())
                network.problem = error.what();
        }
    }
    for (const auto& folder : network.folders) {
        const auto kept = folder / kKept;
        std::error_code none;
        // What was trained later holds what was edited before.
        if (!fs::exists(kept, none) || (!network.runs.empty() && network.problem.empty() &&
                                        timeOf(kept) < startOf(network.runs.front())))
            continue;
        try {
            auto project = loadProject(kept);
            if (network.problem.empty() && project.uuid != network.project.uuid)
                continue;
            network.project = std::move(project);
            network.problem.clear();
        } catch (const std::exception&) {
            continue; // the run's own is good enough
        }
    }
}

} // namespace

RunSummary summarize(const RunDirectory& run) {
    RunSummary summary;
    summary.folder = run.path();
    summary.name = nameOfRun(run);
    summary.locked = run.isLocked();
    if (summary.locked)
        summary.lockOwner = run.lockOwner();
    for (const auto& file : {run.runJson(), run.metrics(), run.lastWeights(), run.bestWeights()})
        summary.time = std::max(summary.time, timeOf(file));
    try {
        summary.finished = run.readRunJson().contains("result");
    } catch (const std::exception&) {
        // Its size is told all the same.
    }
    readMetrics(run.metrics(), summary);
    summary.trained = summary.trained || hasSteppedCheckpoint(run);
    summary.bytes = sizeOf(run.path());
    return summary;
}

Time UnsavedNetwork::time() const {
    Time latest{};
    for (const auto& run : runs)
        latest = std::max(latest, run.time);
    return latest;
}

const RunSummary* UnsavedNetwork::best() const {
    const RunSummary* best = nullptr;
    for (const auto& run : runs)
        if (run.best && (!best || isBetter(*run.best, *best->best)))
            best = &run;
    return best;
}

bool UnsavedNetwork::isTrained() const {
    return std::ranges::any_of(runs, &RunSummary::trained);
}

bool UnsavedNetwork::isLocked() const {
    return std::ranges::any_of(runs, &RunSummary::locked);
}

std::vector<UnsavedNetwork> unsavedNetworks(const std::vector<fs::path>& files,
                                            const std::stop_token& stop) {
    std::vector<UnsavedNetwork> found;
    // Folders that differ in the name alone hold the runs of one project.
    constexpr std::size_t kUuidLength = 36;
    std::map<std::string, std::vector<fs::path>> byUuid;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(unsavedRunsRoot(), none)) {
        const auto name = entry.path().filename().string();
        if (entry.is_directory(none) && savedAs(entry.path()).empty())
            byUuid[name.size() > kUuidLength ? name.substr(name.size() - kUuidLength) : name]
                .push_back(entry.path());
    }
    for (auto& [uuid, folders] : byUuid) {
        if (stop.stop_requested())
            break;
        std::ranges::sort(folders);
        if (auto network = readNetwork(folders, stop))
            found.push_back(std::move(*network));
    }
    for (const auto& file : files) {
        if (stop.stop_requested() || fs::exists(file, none))
            continue;
        auto network = readNetwork({runsFolderOf(file)}, stop);
        if (!network)
            continue;
        network->missingFile = file;
        found.push_back(std::move(*network));
    }
    std::ranges::stable_sort(found, std::greater{}, &UnsavedNetwork::time);
    return found;
}

std::optional<UnsavedNetwork> readNetwork(const std::vector<fs::path>& folders,
                                          const std::stop_token& stop) {
    UnsavedNetwork network;
    for (const auto& folder : folders) {
        std::vector<RunDirectory> runs;
        try {
            runs = RunDirectory::list(folder);
        } catch (const Error&) {
            continue; // it cannot be listed, so nothing of it can be shown
        }
        if (runs.empty())
            continue;
        network.folders.push_back(folder);
        network.bytes += sizeOf(folder);
        for (const auto& run : runs) {
            if (stop.stop_requested())
                return {};
            network.runs.push_back(summarize(run));
        }
    }
    if (network.runs.empty())
        return {};
    // A run's name begins with its time.
    std::ranges::stable_sort(network.runs, std::greater{},
                             [](const RunSummary& run) { return run.folder.filename(); });
    readProject(network);
    if (!network.problem.empty())
        network.project.name = network.runs.front().name;
    return network;
}

bool hasUnsavedRuns(const std::string& uuid) {
    for (const auto& folder : unsavedRunsFolders(uuid)) {
        try {
            if (std::ranges::any_of(RunDirectory::list(folder), hasMadeSteps))
                return true;
        } catch (const Error&) {
            continue; // it cannot be listed
        }
    }
    return false;
}

void keepUnsaved(const Project& project, const std::vector<fs::path>& folders) {
    const auto holder = std::ranges::find_if(
        folders, [](const fs::path& folder) { return !RunDirectory::list(folder).empty(); });
    saveProject((holder == folders.end() ? folders.front() : *holder) / kKept, project);
}

AdoptedRuns adoptRuns(const std::string& uuid, const fs::path& file, const std::stop_token& stop) {
    AdoptedRuns result;
    const auto target = runsFolderOf(file);
    for (const auto& folder : unsavedRunsFolders(uuid)) {
        try {
            const auto runs = RunDirectory::list(folder);
            // Whatever becomes of the following, these runs have a file now.
            writeFileAtomically(folder / kSavedAs, fs::absolute(file).string() + "\n");
            const bool isRename = onOneFileSystem(folder, fs::absolute(file).parent_path());
            for (const auto& run : runs)
                if ((isRename || !stop.stop_requested()) && !run.isLocked())
                    try {
                        result.moved.emplace_back(run.path(), moveRun(run, target));
                    } catch (const std::exception& error) {
                        result.problems.emplace_back(error.what());
                    }
            if (!RunDirectory::list(folder).empty())
                continue;
            // The project's file holds what these two told; anything else in the folder stays.
            std::error_code none;
            fs::remove(folder / kKept, none);
            fs::remove(folder / kSavedAs, none);
            fs::remove(folder, none);
        } catch (const std::exception& error) {
            result.problems.emplace_back(error.what());
        }
    }
    return result;
}

std::vector<fs::path> orphanedRuns(const std::string& uuid, const fs::path& file) {
    constexpr int kMostFolders = 200; // a folder full of projects must not keep one from opening
    std::vector<fs::path> found;
    std::error_code none;
    int looked = 0;
    for (const auto& entry : fs::directory_iterator(fs::absolute(file).parent_path(), none)) {
        auto owner = entry.path();
        if (owner.extension() != ".runs" || owner == fs::absolute(runsFolderOf(file)) ||
            fs::exists(owner.replace_extension(".gradwright"), none))
            continue;
        if (++looked > kMostFolders)
            break;
        try {
            const auto runs = RunDirectory::list(entry.path());
            if (!runs.empty() && projectOfRun(runs.back()).uuid == uuid)
                found.push_back(entry.path());
        } catch (const std::exception&) {
            continue; // it belongs to something else
        }
    }
    std::ranges::sort(found);
    return found;
}

} // namespace gradwright
