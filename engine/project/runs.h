// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/run_directory.h"
#include "engine/project/project.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// Where a project's runs are kept: beside its file, or, without one, in a folder named after its
/// UUID under $XDG_DATA_HOME/gradwright/runs.
std::filesystem::path runsFolder(const Project& project,
                                 const std::optional<std::filesystem::path>& file);
/// Where images lie that a person adds to a project's data, a folder for each set of them:
/// NAME.data beside its file, or, without one, in a folder named after its UUID under
/// $XDG_DATA_HOME/gradwright/data.
std::filesystem::path dataFolder(const Project& project,
                                 const std::optional<std::filesystem::path>& file);
/// The folders without a file that hold runs of the project with that UUID: one, or several where
/// the project was renamed between two runs.
std::vector<std::filesystem::path> unsavedRunsFolders(const std::string& uuid);
/// Where the runs of all projects without a file lie, one folder per project.
std::filesystem::path unsavedRunsRoot();
/// $XDG_DATA_HOME/gradwright, ~/.local/share/gradwright when it is not set.
std::filesystem::path userDataFolder();

/// The project as it was when the run started. Throws Error naming the run's file and the fault.
Project projectOfRun(const RunDirectory& run);
/// The same for further trainings: its files are read as they are today, whatever version made the
/// run. Throws as projectOfRun() does.
Project projectToGoOnWith(const RunDirectory& run);

/// What the run's network takes and gives, as the run noted it; of a run of an older version, as
/// its data set says. Throws Error naming the file and the fault.
DataInfo dataInfoOfRun(const RunDirectory& run);

/// The run's data set, its tables read as training read them. Throws Error when what was learned
/// from the data (classes, columns, scales) would be another thing by now, and its answers with it.
Dataset dataOfRun(const RunDirectory& run);

/// A data set that was chosen so and read like `info`. Throws Error, naming what it is for, where
/// it is another one by now.
Dataset dataLike(const DataChoice& choice, const DataInfo& info, const std::filesystem::path& of);

/// The weights that a run is judged by: the best, or the last where no epoch is done yet.
std::filesystem::path weightsOfRun(const RunDirectory& run);

} // namespace gradwright
