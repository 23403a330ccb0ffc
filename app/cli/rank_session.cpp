// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/rank_session.h"

#include "app/cli/exit_codes.h"
#include "engine/backend/compute_threads.h"
#include "engine/distributed/mpi_communicator.h"
#include "engine/io/run_directory.h"
#include "engine/support/counted.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

namespace gradwright::cli {
namespace {

using namespace std::chrono_literals;

/// Whoever is not first leaves the first one so much time to say the same and to end all; more
/// where it may be writing a checkpoint.
constexpr auto kAfterFirst = 2s;
constexpr auto kForCheckpoint = 20s;

/// What a rank writes to. It is locked as long as the rank lives, so that others can tell those of
/// ranks that were killed.
constexpr std::string_view kFolders = "gradwright-rank-";
constexpr const char* kLock = "lock";

UniqueFd locked(const std::filesystem::path& folder) {
    UniqueFd file(open((folder / kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    return file && flock(file.get(), LOCK_EX | LOCK_NB) == 0 ? std::move(file) : UniqueFd();
}

void removeOldFolders(const std::filesystem::path& parent) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(parent, ignored))
        if (entry.path().filename().string().starts_with(kFolders) && locked(entry.path()))
            std::filesystem::remove_all(entry.path(), ignored);
}

/// Gets its name once it is locked.
std::pair<std::filesystem::path, UniqueFd> makeFolder() {
    const auto parent = std::filesystem::temp_directory_path();
    removeOldFolders(parent);
    auto made = (parent / "gradwright-new-XXXXXX").string();
    if (!mkdtemp(made.data()))
        throw Error("{}: no folder can be made here for what a rank writes", parent.string());
    auto lock = locked(made);
    auto folder = parent / fmt::format("{}{}", kFolders, made.substr(made.size() - 6));
    std::filesystem::rename(made, folder);
    return {std::move(folder), std::move(lock)};
}

std::string inWords(const std::vector<RankPlace>& places) {
    std::set<std::string> hosts;
    for (const auto& place : places)
        hosts.insert(place.host);
    return fmt::format("{} on {}", counted(places.size(), "process", "processes"),
                       counted(hosts.size(), "computer"));
}

/// What a run is resumed from, in a folder beside which others may write theirs.
std::filesystem::path copyOf(const std::filesystem::path& run, const std::filesystem::path& to) {
    const auto target = to / "resumed";
    std::filesystem::create_directory(target);
    for (const auto& entry : std::filesystem::directory_iterator(run))
        if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.'))
            std::filesystem::copy_file(entry.path(), target / entry.path().filename());
    return target;
}

} // namespace

std::unique_ptr<RankSession> RankSession::join(const std::stop_token& stop) {
    if (processesStarted() <= 1)
        return nullptr;
    std::shared_ptr<Communicator> ranks = joinMpi();
    ranks->setPatience(1min, stop);
    return std::unique_ptr<RankSession>(new RankSession(std::move(ranks)));
}

RankSession::RankSession(std::shared_ptr<Communicator> ranks)
    : ranks_(std::move(ranks)) {}

RankSession::~RankSession() {
    std::error_code ignored;
    if (!folder_.empty())
        std::filesystem::remove_all(folder_, ignored);
}

void RankSession::adviseOnBinding(int beside) const {
    const int all = static_cast<int>(std::thread::hardware_concurrency());
    if (isFirst() && availableThreads() * beside < all)
        std::fprintf(stderr,
                     "Note: each process may use %d of this computer's %d processors; mpirun "
                     "--bind-to none lets them have all.\n",
                     availableThreads(), all);
}

void RankSession::prepare(TrainingJob& job) {
    if (job.settings.target().isGpu())
        throw UsageError("--device: several processes share a training on processors only; start "
                         "it without mpirun for a GPU");
    const auto places = greet(*ranks_, {});
    const int beside = ranksBeside(places, ranks_->rank());
    text_ = inWords(places);
    if (job.settings.threads() == 0) {
        adviseOnBinding(beside);
        job.settings.params.insert_or_assign(
            "threads", std::int64_t{std::max(1, availableThreads() / beside)});
    }
    if (!isFirst()) {
        std::tie(folder_, lock_) = makeFolder();
        job.runsFolder = folder_;
        job.trace.clear(); // the first writes its own
        if (!job.resume.empty())
            job.resume = copyOf(job.resume, folder_);
    }
    greet(*ranks_, {}); // the first may write to the run from here on
    job.ranks = ranks_;
}

void RankSession::guard(const std::function<void()>& work) {
    int status = kFailed;
    std::string message;
    auto patience = std::chrono::seconds(kAfterFirst);
    try {
        work();
        return;
    } catch (const UsageError& error) {
        status = kUsage;
        message = error.what();
    } catch (const std::bad_alloc&) {
        message = "there is not enough memory";
    } catch (const std::exception& error) {
        message = error.what();
        if (ranks_->lost() && *ranks_->lost() != 0)
            patience = kForCheckpoint;
    }
    if (!isFirst())
        std::this_thread::sleep_for(patience);
    const auto rank = isFirst() ? std::string() : fmt::format("rank {}: ", ranks_->rank());
    std::fprintf(stderr, "gradwright-cli: %s%s\n", rank.c_str(), message.c_str());
    std::error_code ignored;
    if (!folder_.empty())
        std::filesystem::remove_all(folder_, ignored);
    ranks_->abort(status);
    std::_Exit(status); // where it has not ended the process
}

} // namespace gradwright::cli
