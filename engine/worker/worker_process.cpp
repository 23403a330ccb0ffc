// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/worker_process.h"

#include "engine/support/error.h"
#include "engine/support/resources.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace gradwright {
namespace {

/// What posix_spawn() is told, freed at the end.
class SpawnPlan {
public:
    explicit SpawnPlan(int socket) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
        posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        // Standard output is the program's alone: it may print JSON.
        posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, socket, kWorkerSocket);
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
    [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

std::string endText(int status) {
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        if (number == SIGKILL)
            return "was killed, by a person or by the system for lack of memory";
        return fmt::format("was ended by signal {} ({})", number, strsignal(number));
    }
    return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

} // namespace

WorkerProgram installedWorker() {
    namespace fs = std::filesystem;
    constexpr auto kName = "gradwright-worker";
    if (const char* named = std::getenv("GRADWRIGHT_WORKER"); named && *named != '\0')
        return {named};
    const auto folder = programFolder();
    const auto beside = folder / kName;
    const auto installed = (folder / "../libexec/gradwright" / kName).lexically_normal();
    for (const auto& path : {beside, installed}) {
        std::error_code error;
        if (fs::exists(path, error))
            return {path};
    }
    throw Error("the program {}, which computes on GPUs, is missing: it is neither {} nor {}; "
                "reinstall Gradwright",
                kName, beside.string(), installed.string());
}

WorkerProcess::WorkerProcess(const WorkerProgram& program) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw Error("a worker process cannot be started: {}", errorText(errno));
    socket_ = UniqueFd(ends[0]);
    UniqueFd theirs(ends[1]);
    // A descriptor that is there already would be inherited only by chance.
    if (theirs.get() == kWorkerSocket)
        theirs = UniqueFd(::fcntl(ends[1], F_DUPFD_CLOEXEC, kWorkerSocket + 1));
    const SpawnPlan plan(theirs.get());
    std::vector<std::string> words{program.path.string()};
    words.insert(words.end(), program.arguments.begin(), program.arguments.end());
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int error = ::posix_spawn(&id_, words.front().c_str(), plan.actions(), plan.attributes(),
                                    arguments.data(), environ);
    if (error != 0)
        throw Error("{} cannot be started: {}", words.front(), errorText(error));
    ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

WorkerProcess::~WorkerProcess() {
    if (isReaped_ || id_ <= 0)
        return;
    kill();
    waitForEnd();
}

void WorkerProcess::kill() const {
    if (!isReaped_)
        ::kill(id_, SIGKILL);
}

std::string WorkerProcess::waitForEnd() {
    while (!isReaped_) {
        if (::waitpid(id_, &status_, 0) == id_ || errno != EINTR)
            isReaped_ = true;
    }
    return endText(status_);
}

bool WorkerProcess::hasEnded(int milliseconds) {
    constexpr int kLook = 5; // ms
    for (int waited = 0; !isReaped_; waited += kLook) {
        const auto ended = ::waitpid(id_, &status_, WNOHANG);
        if (ended == id_ || (ended < 0 && errno != EINTR))
            isReaped_ = true;
        else if (waited >= milliseconds)
            return false;
        else
            ::poll(nullptr, 0, kLook);
    }
    return true;
}

} // namespace gradwright
