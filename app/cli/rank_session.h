// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/distributed/greeting.h"
#include "engine/support/posix_file.h"
#include "engine/training/trainer.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace gradwright::cli {

/// This process among those that mpirun or srun has started together. Rank 0 speaks for all, and
/// its run is the one that stays.
class RankSession {
public:
    /// Nothing where the process is alone. Throws Error where Open MPI is missing.
    static std::unique_ptr<RankSession> join(const std::stop_token& stop);
    ~RankSession();
    RankSession(const RankSession&) = delete;
    RankSession& operator=(const RankSession&) = delete;

    [[nodiscard]] bool isFirst() const { return ranks_->rank() == 0; }

    /// Gives a job what it needs among ranks: them, its share of the processors, and, where it is
    /// not the first, a folder of its own for what it writes, with a copy of the run that is
    /// resumed. Throws UsageError where a GPU is to compute.
    void prepare(TrainingJob& job);

    /// "4 processes on 2 computers"; after prepare().
    [[nodiscard]] const std::string& text() const { return text_; }

    /// Runs what may throw. What fails on one rank ends all: the message is printed once, and the
    /// process ends with kFailed or kUsage.
    void guard(const std::function<void()>& work);

private:
    explicit RankSession(std::shared_ptr<Communicator> ranks);
    void adviseOnBinding(int beside) const;

    std::shared_ptr<Communicator> ranks_;
    std::string text_;
    std::filesystem::path folder_; ///< of a rank that is not the first, …
    UniqueFd lock_;                ///< … which this keeps
};

} // namespace gradwright::cli
