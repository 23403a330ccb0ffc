// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace gradwright {

/// A run in the trash, and where it was.
struct TrashedRun {
    std::filesystem::path folder;
    std::filesystem::path inTrash;
};

/// Moves a run to the trash of its user. Throws Error when it is being written, when there is no
/// trash, or when that cannot take it; the run then stays where it is.
TrashedRun moveRunToTrash(const std::filesystem::path& folder);
/// The same with any folder that nobody writes: the caller sees to that. `what` is what the error
/// calls it: "run". Throws Error when the trash cannot take it.
TrashedRun moveFolderToTrash(const std::filesystem::path& folder, const char* what);
/// Brings it back. Throws Error when it is not in the trash any more or its place is taken.
void restoreRun(const TrashedRun& run);

} // namespace gradwright
