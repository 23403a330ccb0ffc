// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/rank_processes.h"

#include "engine/support/error.h"
#include "engine/worker/shared_job.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <system_error>

namespace gradwright {
namespace {

/// What mpirun may take to end all processes, before it is ended itself.
constexpr int kEnding = 20'000; // ms
constexpr std::size_t kMostOutput = 1 << 14;

UniqueFd newSocket() {
    UniqueFd made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!made)
        throw Error("a socket for several processes cannot be made: {}", errorText(errno));
    return made;
}

sockaddr_un addressOf(const std::filesystem::path& folder) {
    const auto file = (folder / kSharedSocket).string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (file.size() >= sizeof address.sun_path)
        throw Error("{}: the path is too long for a socket, of which a name has at most {} bytes; "
                    "set TMPDIR to a shorter one",
                    file, sizeof address.sun_path - 1);
    std::memcpy(address.sun_path, file.c_str(), file.size());
    return address;
}

UniqueFd listenIn(const std::filesystem::path& folder) {
    auto listener = newSocket();
    const auto address = addressOf(folder);
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), 1) != 0)
        throw Error("{}: processes cannot be waited for here: {}", folder.string(),
                    errorText(errno));
    return listener;
}

/// What posix_spawn() is told of mpirun, freed at the end.
class MpirunPlan {
public:
    explicit MpirunPlan(const std::filesystem::path& output) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
        posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, output.c_str(),
                                         O_WRONLY | O_CREAT | O_APPEND, 0600);
        posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                   POSIX_SPAWN_SETPGROUP);
    }
    ~MpirunPlan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    MpirunPlan(const MpirunPlan&) = delete;
    MpirunPlan& operator=(const MpirunPlan&) = delete;

    [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
    [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

/// Open MPI's hwloc would look for GPUs on a display.
std::vector<char*> environmentWithoutDisplay() {
    std::vector<char*> variables;
    for (char** each = environ; *each; ++each)
        if (!std::string_view(*each).starts_with("DISPLAY="))
            variables.push_back(*each);
    variables.push_back(nullptr);
    return variables;
}

pid_t started(const RanksProgram& program, int count, const std::filesystem::path& folder) {
    auto words = ranksCommand(program, count);
    words.insert(words.end(), {"train", "--job", folder.string()});
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    auto environment = environmentWithoutDisplay();
    const MpirunPlan plan(folder / kSharedOutput);
    pid_t id = -1;
    const int error = ::posix_spawn(&id, words.front().c_str(), plan.actions(), plan.attributes(),
                                    arguments.data(), environment.data());
    if (error != 0)
        throw Error("{} cannot be started: {}", words.front(), errorText(error));
    return id;
}

} // namespace

SharedFolder::SharedFolder() {
    const auto parent = std::filesystem::temp_directory_path();
    auto made = (parent / "gradwright-shared-XXXXXX").string();
    if (!::mkdtemp(made.data()))
        throw Error("{}: no folder can be made here for what processes share: {}", parent.string(),
                    errorText(errno));
    path_ = made;
}

SharedFolder::~SharedFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

RankProcesses::RankProcesses(const RanksProgram& program, int count, const TrainingJob& job) {
    writeSharedJob(folder_.path(), job);
    listener_ = listenIn(folder_.path());
    id_ = started(program, count, folder_.path());
}

RankProcesses::~RankProcesses() {
    end();
}

UniqueFd RankProcesses::accept(int milliseconds) {
    pollfd watched{listener_.get(), POLLIN, 0};
    if (::poll(&watched, 1, milliseconds) <= 0)
        return {};
    return UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

bool RankProcesses::hasEnded(int milliseconds) {
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

void RankProcesses::end() {
    if (hasEnded(0))
        return;
    ::kill(id_, SIGTERM);
    if (hasEnded(kEnding))
        return;
    ::kill(id_, SIGKILL);
    hasEnded(kEnding);
}

std::string RankProcesses::howItEnded() const {
    if (WIFSIGNALED(status_))
        return fmt::format("was ended by signal {} ({})", WTERMSIG(status_),
                           ::strsignal(WTERMSIG(status_)));
    return fmt::format("ended with exit code {}", WEXITSTATUS(status_));
}

std::string RankProcesses::output() const {
    const auto file = folder_.path() / kSharedOutput;
    try {
        const auto opened = openForReading(file);
        const auto size = sizeOfFile(opened.get(), file);
        std::string text(std::min<std::size_t>(size, kMostOutput), '\0');
        seekTo(opened.get(), size - text.size(), file);
        text.resize(readUpTo(opened.get(), std::as_writable_bytes(std::span(text)), file));
        return text;
    } catch (const Error&) {
        return {}; // nothing has been printed
    }
}

UniqueFd connectShared(const std::filesystem::path& folder) {
    auto connected = newSocket();
    const auto address = addressOf(folder);
    if (::connect(connected.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0)
        throw Error("{}: nobody waits here for the processes any more: {}", folder.string(),
                    errorText(errno));
    return connected;
}

} // namespace gradwright
