// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/followed_training.h"

#include "app/cli/training_session.h"
#include "engine/distributed/hurry.h"
#include "engine/support/json.h"
#include "engine/worker/heart.h"
#include "engine/worker/rank_processes.h"
#include "engine/worker/served_trainer.h"
#include "engine/worker/shared_job.h"

#include <exception>
#include <utility>

namespace gradwright::cli {
namespace {

TrainingJob preparedJob(const std::filesystem::path& folder, RankSession& ranks) {
    auto job = readSharedJob(folder);
    keepSharing(job);
    ranks.prepare(job);
    return job;
}

/// The first process: its events are those of all.
std::optional<Failed> trainFirst(const std::filesystem::path& folder, RankSession& ranks,
                                 const std::stop_token& stop) {
    MessageChannel channel(connectShared(folder));
    const Heart heart(channel);
    TrainingJob job;
    try {
        job = preparedJob(folder, ranks);
    } catch (const std::exception& error) {
        sendEvent(channel, Failed{0, error.what(), false});
        throw;
    }
    // Nobody ends processes that were asked to stop: they may take the time that their steps take.
    const auto beforeStop = [patience = job.rankPatience] { setHurriedPatience(patience); };
    auto failure = serveTrainer(channel, std::move(job), {.stop = stop, .beforeStop = beforeStop});
    std::error_code ignored;
    if (!channel.send(MessageKind::Beat)) // whoever made the folder is gone
        std::filesystem::remove_all(folder, ignored);
    return failure;
}

} // namespace

void keepSharing(TrainingJob& job) {
    if (job.resume.empty())
        return;
    const auto record = RunDirectory::open(job.resume).readRunJson();
    const auto before = record.value("machine", Json::object()).value("ranks", Json::object());
    job.sharesStatistics = job.sharesStatistics || before.value("shared_statistics", false);
    job.roundsGradients = job.roundsGradients || before.value("rounded_gradients", false);
}

void trainFollowed(const std::filesystem::path& folder, RankSession& ranks,
                   const std::stop_token& stop) {
    const auto failure = ranks.isFirst() ? trainFirst(folder, ranks, stop)
                                         : train(preparedJob(folder, ranks), nullptr, stop).failure;
    if (failure)
        throw Error("{}", failure->message);
}

} // namespace gradwright::cli
