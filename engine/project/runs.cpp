// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/runs.h"

#include "engine/data/data_info_json.h"
#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

namespace gradwright {
namespace {

std::optional<std::filesystem::path> folderFrom(const char* variable) {
    const char* value = std::getenv(variable);
    if (!value || *value == '\0')
        return {};
    return std::filesystem::path(value);
}

} // namespace

std::filesystem::path userDataFolder() {
    if (const auto data = folderFrom("XDG_DATA_HOME"))
        return *data / "gradwright";
    if (const auto home = folderFrom("HOME"))
        return *home / ".local/share/gradwright";
    return std::filesystem::temp_directory_path() / "gradwright";
}

std::filesystem::path runsFolder(const Project& project,
                                 const std::optional<std::filesystem::path>& file) {
    if (file)
        return runsFolderOf(*file);
    // A file may hold any text as its uuid; as a slug it stays one folder name.
    return unsavedRunsRoot() / (slugOf(project.name) + "-" + slugOf(project.uuid));
}

std::filesystem::path dataFolder(const Project& project,
                                 const std::optional<std::filesystem::path>& file) {
    if (file)
        return std::filesystem::absolute(*file).parent_path() / (file->stem().string() + ".data");
    return userDataFolder() / "data" / (slugOf(project.name) + "-" + slugOf(project.uuid));
}

std::filesystem::path unsavedRunsRoot() {
    return userDataFolder() / "runs";
}

std::vector<std::filesystem::path> unsavedRunsFolders(const std::string& uuid) {
    const auto ending = fmt::format("-{}", slugOf(uuid));
    std::vector<std::filesystem::path> folders;
    std::error_code none; // a folder that cannot be read has nothing to offer
    for (const auto& entry : std::filesystem::directory_iterator(unsavedRunsRoot(), none))
        if (entry.path().filename().string().ends_with(ending) && entry.is_directory(none))
            folders.push_back(entry.path());
    std::ranges::sort(folders);
    return folders;
}

Project projectOfRun(const RunDirectory& run) {
    const auto record = run.readRunJson();
    const auto found = record.find("project");
    if (found == record.end())
        throw Error("{} lacks the project that was trained", run.runJson().string());
    try {
        auto project = projectFromJson(*found);
        project.data.asBefore = !record.contains(kDataNotes);
        return project;
    } catch (const Error& error) {
        throw Error("{}: {}", run.runJson().string(), error.what());
    }
}

Project projectToGoOnWith(const RunDirectory& run) {
    auto project = projectOfRun(run);
    project.data.asBefore = false;
    return project;
}

DataInfo dataInfoOfRun(const RunDirectory& run) {
    const auto record = run.readRunJson();
    const auto found = record.find("data");
    if (found == record.end())
        return openDataset(projectOfRun(run).data).info;
    try {
        return dataInfoFromJson(*found);
    } catch (const Error& error) {
        throw Error("{}: {}", run.runJson().string(), error.what());
    }
}

Dataset dataOfRun(const RunDirectory& run) {
    return dataLike(projectOfRun(run).data, dataInfoOfRun(run), run.path());
}

Dataset dataLike(const DataChoice& choice, const DataInfo& info, const std::filesystem::path& of) {
    auto data = openDataset(choice, info.reading);
    if (data.info != info)
        throw Error("{}: the data set has changed since this run: its classes, columns or scales "
                    "are different now, and the run's answers would mean something else",
                    of.string());
    return data;
}

std::filesystem::path weightsOfRun(const RunDirectory& run) {
    if (std::filesystem::exists(run.bestWeights()))
        return run.bestWeights();
    if (std::filesystem::exists(run.lastWeights()))
        return run.lastWeights();
    throw Error("{} holds no weights yet", run.path().string());
}

} // namespace gradwright
