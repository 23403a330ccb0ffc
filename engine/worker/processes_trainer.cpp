// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/processes_trainer.h"

#include "engine/support/error.h"
#include "engine/training/processes.h"
#include "engine/worker/messages.h"
#include "engine/worker/rank_processes.h"
#include "engine/worker/received_events.h"
#include "engine/worker/worker_link.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace gradwright {
namespace {

using Duration = std::chrono::steady_clock::duration;

constexpr auto kLook = std::chrono::milliseconds(250);
/// What all processes may take to end after the last event, before they are ended.
constexpr int kParting = 30'000; // ms

} // namespace

/// Tells the events of a training, and how it failed.
class ProcessesTrainer::Watch {
public:
    Watch(const TrainingSink& sink, std::filesystem::path resumed)
        : sink_(sink)
        , events_(std::move(resumed)) {}

    /// False after the last event, which is kept until it is told by end().
    bool take(const Message& message) {
        auto event = events_.take(message);
        if (!event)
            return true;
        if (endsTraining(*event)) {
            last_ = std::move(event);
            return false;
        }
        sink_(*event);
        return true;
    }

    /// All have ended after the last event.
    void end(const RankProcesses& ranks) const {
        const auto* failed = std::get_if<Failed>(&*last_);
        if (failed && failed->isInterrupted)
            if (const auto lost = endOfRank(ranks.output())) // mpirun knows more than the others
                return fail(*lost);
        sink_(*last_);
    }
    /// All have ended without one.
    void endWithoutEvent(const RankProcesses& ranks) const {
        const auto output = ranks.output();
        if (const auto lost = endOfRank(output))
            return fail(*lost);
        const auto complaint = complaintOf(output);
        fail(fmt::format("The processes that share the training have ended: {}",
                         complaint.empty() ? fmt::format("mpirun {}.", ranks.howItEnded())
                                           : complaint));
    }
    /// `what` happened, a sentence.
    void fail(const std::string& what) const {
        const auto saved = events_.savedSteps();
        const auto advice =
            saved ? fmt::format("The run is saved up to step {}: resume it in as many processes, "
                                "or in one.",
                                *saved)
                  : "Nothing had been trained yet; try again, or train in one process.";
        sink_(Failed{events_.step(), fmt::format("{} {}", what, advice), saved.has_value()});
    }
    void stopBeforeStart() const { sink_(Stopped{0, false}); }

private:
    const TrainingSink& sink_;
    ReceivedEvents events_;
    std::optional<TrainingEvent> last_;
};

ProcessesTrainer::ProcessesTrainer(TrainingJob job, TrainingSink sink, ProcessesOptions options)
    : job_(std::move(job))
    , sink_(std::move(sink))
    , options_(std::move(options)) {}

ProcessesTrainer::~ProcessesTrainer() = default;

void ProcessesTrainer::run(const std::stop_token& stop) {
    Watch watch(sink_, job_.resume);
    std::optional<RankProcesses> ranks;
    try {
        if (const auto why = whyNotShared(job_.settings, job_.data); !why.empty())
            throw Error("{}", why);
        ranks.emplace(options_.program ? *options_.program : installedRanks(),
                      processesOf(job_.settings), job_);
    } catch (const std::exception& error) {
        sink_(Failed{0, error.what(), false});
        return;
    }
    processId_ = ranks->id();
    if (const auto socket = connected(watch, *ranks, stop)) {
        WorkerLink link(socket.get());
        follow(watch, *ranks, link, stop);
    }
    processId_ = 0;
}

UniqueFd ProcessesTrainer::connected(Watch& watch, RankProcesses& ranks,
                                     const std::stop_token& stop) const {
    const auto look = static_cast<int>(std::chrono::milliseconds(kLook).count()) / 5;
    for (std::chrono::milliseconds waited{0}; waited < options_.silence;
         waited += std::chrono::milliseconds(look)) {
        if (auto socket = ranks.accept(look))
            return socket;
        if (stop.stop_requested()) {
            ranks.end();
            watch.stopBeforeStart();
            return {};
        }
        if (ranks.hasEnded(0)) {
            watch.endWithoutEvent(ranks);
            return {};
        }
    }
    ranks.end();
    watch.fail(fmt::format("The processes did not start within {} s and were ended.",
                           std::chrono::duration<double>(options_.silence).count()));
    return {};
}

void ProcessesTrainer::follow(Watch& watch, RankProcesses& ranks, WorkerLink& link,
                              const std::stop_token& stop) {
    const std::stop_callback wakeToStop(stop, [&] { link.wake(); });
    // A wait counts for no more than it was to take, as the computer may have slept.
    const Duration tick = std::min<Duration>(kLook, options_.silence);
    Duration silent{0};
    Duration stopping{0};
    bool isToldToStop = false;
    const auto end = [&](const std::string& what) {
        ranks.end();
        watch.fail(what);
    };
    for (;;) {
        if (wantsSnapshot_.exchange(false))
            link.send(MessageKind::RequestSnapshot);
        if (stop.stop_requested() && !std::exchange(isToldToStop, true))
            link.send(MessageKind::Stop);
        const auto asleep = std::chrono::steady_clock::now();
        const bool hasCome = link.wait(
            static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(tick).count()));
        const auto waited = std::min<Duration>(std::chrono::steady_clock::now() - asleep, tick);
        try {
            while (const auto message = link.next())
                if (!watch.take(*message)) {
                    if (!ranks.hasEnded(kParting))
                        ranks.end();
                    return watch.end(ranks);
                }
        } catch (const Error& error) {
            return end(fmt::format("The first process sent what cannot be read ({}), and all were "
                                   "ended.",
                                   error.what()));
        }
        if (link.isClosed()) {
            if (!ranks.hasEnded(kParting))
                return end("The first process closed its connection, and all were ended.");
            return watch.endWithoutEvent(ranks);
        }
        silent = hasCome ? Duration(0) : silent + waited;
        if (silent >= options_.silence)
            return end(fmt::format("The processes gave no sign of life for {} s and were ended.",
                                   std::chrono::duration<double>(options_.silence).count()));
        stopping += isToldToStop ? waited : Duration(0);
        if (stopping >= options_.stopping)
            return end("The processes did not stop when they were asked to and were ended.");
    }
}

void ProcessesTrainer::requestSnapshot() {
    wantsSnapshot_ = true; // taken within a quarter of a second
}

} // namespace gradwright
