// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/remote_trainer.h"

#include "engine/support/error.h"
#include "engine/training/processes.h"
#include "engine/worker/messages.h"
#include "engine/worker/processes_trainer.h"
#include "engine/worker/received_events.h"
#include "engine/worker/worker_link.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace gradwright {
namespace {

constexpr auto kTick = std::chrono::milliseconds(250);
/// What a worker may take to end after its last event, before it is ended.
constexpr int kLeaving = 10'000; // ms

} // namespace

/// Tells the events of a training, and how it failed.
class RemoteTrainer::Watch {
public:
    explicit Watch(const TrainingSink& sink)
        : sink_(sink) {}

    /// False after the last event.
    bool take(const Message& message) {
        const auto event = events_.take(message);
        if (event)
            sink_(*event);
        return !event || !endsTraining(*event);
    }

    /// `what` happened to "the process that trains on the GPU".
    void fail(const std::string& what) const {
        const auto saved = events_.savedSteps();
        sink_(Failed{events_.step(),
                     fmt::format("The process that trains on the GPU {}. {}", what,
                                 adviceAfterFailure(saved)),
                     saved.has_value()});
    }

private:
    const TrainingSink& sink_;
    ReceivedEvents events_;
};

RemoteTrainer::RemoteTrainer(TrainingJob job, TrainingSink sink, RemoteOptions options)
    : job_(std::move(job))
    , sink_(std::move(sink))
    , options_(std::move(options)) {}

RemoteTrainer::~RemoteTrainer() = default;

void RemoteTrainer::run(const std::stop_token& stop) {
    Watch watch(sink_);
    std::optional<WorkerProcess> worker;
    std::optional<WorkerLink> link;
    try {
        const auto body = jobBody(job_);
        worker.emplace(options_.program ? *options_.program : installedWorker());
        link.emplace(worker->socket());
        link->send(MessageKind::Train, body);
    } catch (const std::exception& error) {
        sink_(Failed{0, fmt::format("The training on a GPU did not start: {}.", error.what()),
                     false});
        return;
    }
    processId_ = worker->id();
    {
        const std::lock_guard lock(mutex_);
        link_ = &*link;
    }
    follow(watch, *worker, *link, stop);
    {
        const std::lock_guard lock(mutex_);
        link_ = nullptr;
    }
    processId_ = 0;
}

void RemoteTrainer::follow(Watch& watch, WorkerProcess& worker, WorkerLink& link,
                           const std::stop_token& stop) {
    const std::stop_callback wakeToStop(stop, [&] { link.wake(); });
    // A wait counts for no more than it was to take: while both processes were stopped or the
    // computer slept, nobody was silent.
    using Clock = std::chrono::steady_clock;
    const Clock::duration tick = std::min(kTick, options_.silence);
    Clock::duration silent{0};
    Clock::duration stopping{0};
    bool isToldToStop = false;
    const auto end = [&](const std::string& what) {
        worker.kill();
        worker.waitForEnd();
        watch.fail(what);
    };
    for (;;) {
        for (const auto& command : takeAsked())
            command(link);
        if (stop.stop_requested() && !std::exchange(isToldToStop, true))
            link.send(MessageKind::Stop);
        const auto asleep = Clock::now();
        const bool hasCome = link.wait(
            static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(tick).count()));
        const auto waited = std::min(Clock::now() - asleep, tick);
        try {
            while (const auto message = link.next())
                if (!watch.take(*message)) {
                    if (!worker.hasEnded(kLeaving))
                        worker.kill();
                    worker.waitForEnd();
                    return;
                }
        } catch (const Error& error) {
            return end(fmt::format("sent what cannot be read ({}) and was ended", error.what()));
        }
        if (link.isClosed()) {
            // Its socket closes before it can be waited for.
            if (!worker.hasEnded(kLeaving))
                return end("closed its connection and was ended");
            return watch.fail(worker.waitForEnd());
        }
        silent = hasCome ? Clock::duration(0) : silent + waited;
        if (silent >= options_.silence)
            return end(fmt::format("gave no sign of life for {} s and was ended",
                                   std::chrono::duration<double>(options_.silence).count()));
        stopping += isToldToStop ? waited : Clock::duration(0);
        if (stopping >= options_.stopping)
            return end("did not stop when it was asked to and was ended");
    }
}

std::vector<RemoteTrainer::Command> RemoteTrainer::takeAsked() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
}

void RemoteTrainer::ask(Command command) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(command));
    if (link_)
        link_->wake();
}

void RemoteTrainer::pause() {
    ask([](WorkerLink& link) { link.send(MessageKind::Pause); });
}
void RemoteTrainer::resume() {
    ask([](WorkerLink& link) { link.send(MessageKind::Resume); });
}
void RemoteTrainer::step() {
    ask([](WorkerLink& link) { link.send(MessageKind::Step); });
}
void RemoteTrainer::setLearningRate(double learningRate) {
    ask([learningRate](WorkerLink& link) {
        link.send(MessageKind::SetLearningRate, realBody(learningRate));
    });
}
void RemoteTrainer::requestSnapshot() {
    ask([](WorkerLink& link) { link.send(MessageKind::RequestSnapshot); });
}

std::unique_ptr<TrainingRunner> makeTrainer(TrainingJob job, TrainingSink sink,
                                            RemoteOptions options) {
    if (!job.ranks && processesOf(job.settings) > 1)
        return std::make_unique<ProcessesTrainer>(std::move(job), std::move(sink));
    if (job.settings.target().isGpu())
        return std::make_unique<RemoteTrainer>(std::move(job), std::move(sink), std::move(options));
    return std::make_unique<Trainer>(std::move(job), std::move(sink));
}

} // namespace gradwright
