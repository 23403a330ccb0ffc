// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/posix_file.h"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace gradwright {

/// The descriptor at which a worker finds its socket.
inline constexpr int kWorkerSocket = 3;

/// How a worker is started.
struct WorkerProgram {
    std::filesystem::path path;
    std::vector<std::string> arguments = {};
};

/// The worker that belongs to the running program: the one that $GRADWRIGHT_WORKER names, else
/// gradwright-worker in the program's folder, else in ../libexec/gradwright. Throws Error naming
/// the places where there is none.
WorkerProgram installedWorker();

/// A worker that runs, with a socket to it. Its signals are as a new process has them, its standard
/// output is the standard error of this one.
class WorkerProcess {
public:
    /// Throws Error when it cannot be started.
    explicit WorkerProcess(const WorkerProgram& program);
    /// Kills it if it still runs.
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    [[nodiscard]] pid_t id() const { return id_; }
    [[nodiscard]] int socket() const { return socket_.get(); }
    /// Which a worker takes as the end of whoever started it.
    void closeSocket() { socket_ = UniqueFd(); }
    /// Whatever it does, and even if it has been stopped.
    void kill() const;
    /// Waits until it has ended: how, as a clause.
    std::string waitForEnd();
    /// Waits so long at most; false when it still runs.
    bool hasEnded(int milliseconds);

private:
    UniqueFd socket_;
    pid_t id_ = -1;
    bool isReaped_ = false;
    int status_ = 0;
};

} // namespace gradwright
