// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/move_run.h"

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/posix_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr auto kRecord = "run.json";
constexpr auto kLock = ".lock"; ///< belongs to the process that holds it, not to the run

std::string reasonOf(const std::error_code& failure) {
    return failure.message();
}

/// As RunDirectory::create() names runs. Renames without ever replacing what is there.
fs::path renameUniquely(const fs::path& from, const fs::path& folder, const std::string& name,
                        std::error_code& failure) {
    constexpr int kMostAttempts = 1000;
    for (int attempt = 1; attempt < kMostAttempts; ++attempt) {
        auto to = folder / (attempt == 1 ? name : fmt::format("{}-{:03}", name, attempt));
        if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
            return to;
        int problem = errno;
        if (problem == EINVAL) { // a file system that cannot promise it
            if (fs::exists(fs::symlink_status(to))) {
                problem = EEXIST;
            } else if (::rename(from.c_str(), to.c_str()) == 0) {
                return to;
            } else {
                problem = errno;
            }
        }
        if (problem != EEXIST && problem != ENOTEMPTY) {
            failure = std::error_code(problem, std::generic_category());
            return {};
        }
    }
    failure = std::make_error_code(std::errc::file_exists);
    return {};
}

void syncFolder(const fs::path& folder) {
    const UniqueFd open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (open)
        ::fsync(open.get());
}

/// With the time of its last write, by which runs are told to be old or new.
void copyFile(const fs::path& from, const fs::path& to) {
    copyFileAtomically(from, to);
    fs::last_write_time(to, fs::last_write_time(from));
}

/// All but the record, which would make the copy a run, and the lock.
void copyContents(const fs::path& from, const fs::path& to) {
    for (const auto& entry : fs::directory_iterator(from)) {
        const auto name = entry.path().filename();
        if (name == kRecord || name == kLock)
            continue;
        if (entry.is_symlink())
            fs::copy_symlink(entry.path(), to / name);
        else if (entry.is_directory()) {
            fs::create_directory(to / name);
            copyContents(entry.path(), to / name);
        } else
            copyFile(entry.path(), to / name);
    }
}

fs::path copyToOtherSystem(const RunDirectory& run, const fs::path& folder) {
    // What a copy that was cut off left there is only a copy.
    const fs::path copy = folder / fmt::format(".{}.moving", run.name());
    fs::remove_all(copy);
    try {
        fs::create_directory(copy);
        copyContents(run.path(), copy);
        copyFile(run.runJson(), copy / kRecord);
        std::error_code failure;
        const auto moved = renameUniquely(copy, folder, run.name(), failure);
        if (failure)
            throw Error("{} ({})", copy.string(), reasonOf(failure));
        syncFolder(folder);
        return moved;
    } catch (...) {
        std::error_code none;
        fs::remove_all(copy, none);
        throw;
    }
}

} // namespace

fs::path moveRun(const RunDirectory& run, const fs::path& folder) {
    const auto lock = run.lock();
    const auto failed = [&](const std::string& reason) {
        return Error("{}: cannot be moved to {} ({}); it stays where it is", run.path().string(),
                     folder.string(), reason);
    };
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure)
        throw failed(reasonOf(failure));
    auto moved = renameUniquely(run.path(), folder, run.name(), failure);
    if (!failure)
        return moved;
    if (failure != std::errc::cross_device_link)
        throw failed(reasonOf(failure));
    try {
        moved = copyToOtherSystem(run, folder);
    } catch (const std::exception& error) {
        throw failed(error.what());
    }
    // Without its record the original is no run any more, whatever happens to the rest of it.
    fs::remove(run.runJson(), failure);
    fs::remove_all(run.path(), failure);
    return moved;
}

} // namespace gradwright
