// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/posix_file.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace gradwright {

/// The right to write one folder. Released when destroyed, or by the system when the process ends.
class FolderLock {
public:
    explicit FolderLock(UniqueFd file)
        : file_(std::move(file)) {}

private:
    UniqueFd file_;
};

/// The file in the folder that is locked.
inline constexpr std::string_view kLockName = ".lock";

/// Throws Error naming the process that holds the lock when there is one; `advice` is what to do
/// then, "wait until it ends".
FolderLock lockFolder(const std::filesystem::path& folder, std::string_view advice);
bool isFolderLocked(const std::filesystem::path& folder);
/// Digits of the id of the process that locked it last; empty when that is not known.
std::string folderLockOwner(const std::filesystem::path& folder);

} // namespace gradwright
