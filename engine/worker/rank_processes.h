// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/posix_file.h"
#include "engine/training/trainer.h"
#include "engine/worker/mpirun.h"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace gradwright {

/// A folder for processes that share a training, which only this user may enter; it goes with this.
class SharedFolder {
public:
    /// Throws Error naming the place where it cannot be made.
    SharedFolder();
    ~SharedFolder();
    SharedFolder(const SharedFolder&) = delete;
    SharedFolder& operator=(const SharedFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// mpirun and the processes that it has started for a training. They are not ended by Ctrl+C in the
/// terminal of this process, but follow its end: the first of them is connected with it.
class RankProcesses {
public:
    /// Throws Error where mpirun cannot be started.
    RankProcesses(const RanksProgram& program, int count, const TrainingJob& job);
    /// Ends what still runs.
    ~RankProcesses();
    RankProcesses(const RankProcesses&) = delete;
    RankProcesses& operator=(const RankProcesses&) = delete;

    /// Of mpirun.
    [[nodiscard]] pid_t id() const { return id_; }
    /// The first process, which is waited for so long at most; no descriptor where it has not come.
    /// It does not block.
    [[nodiscard]] UniqueFd accept(int milliseconds);
    /// Waits so long at most; false when mpirun still runs.
    bool hasEnded(int milliseconds);
    /// Lets mpirun end all, and waits for it.
    void end();
    /// After it has ended: "ended with exit code 1".
    [[nodiscard]] std::string howItEnded() const;
    /// The end of what all have printed.
    [[nodiscard]] std::string output() const;

private:
    SharedFolder folder_;
    UniqueFd listener_;
    pid_t id_ = -1;
    bool isReaped_ = false;
    int status_ = 0;
};

/// Connects the first process with whoever has started it. Throws Error where nobody waits.
UniqueFd connectShared(const std::filesystem::path& folder);

} // namespace gradwright
