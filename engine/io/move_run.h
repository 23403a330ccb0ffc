// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/run_directory.h"

#include <filesystem>

namespace gradwright {

/// Moves a run into another folder, which is made if it is missing, and returns where the run lies
/// now: under its own name, with a suffix where that is taken. On the same file system this is one
/// rename. Between two it is a copy that becomes a run only once it is complete; then the original
/// goes. Throws Error when the run is being written, or when anything fails: the run is then where
/// it was.
std::filesystem::path moveRun(const RunDirectory& run, const std::filesystem::path& folder);

} // namespace gradwright
