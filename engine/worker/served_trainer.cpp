// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/served_trainer.h"

#include "engine/support/error.h"
#include "engine/worker/messages.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

namespace gradwright {
namespace {

constexpr int kAbandoned = 3; ///< the training did not stop after the other end had closed
constexpr auto kAbandonment = std::chrono::minutes(1);

/// Passes on what the other end asks of a training, until it closes.
class Obedience {
public:
    Obedience(MessageChannel& channel, Trainer& trainer, const Serving& serving)
        : channel_(channel)
        , trainer_(trainer)
        , beforeStop_(serving.beforeStop)
        , forward_(serving.stop, [this] { stop_.request_stop(); })
        , thread_([this] { listen(); }) {}
    ~Obedience() {
        {
            const std::lock_guard lock(mutex_);
            isDone_ = true;
        }
        ended_.notify_all();
        channel_.endReading();
    }
    Obedience(const Obedience&) = delete;
    Obedience& operator=(const Obedience&) = delete;

    [[nodiscard]] std::stop_token stop() const { return stop_.get_token(); }

private:
    void listen() {
        try {
            while (const auto message = channel_.receive())
                obey(*message);
        } catch (const Error& error) {
            fmt::print(stderr, "gradwright-worker: a message cannot be read: {}\n", error.what());
        }
        stopTraining();
        std::unique_lock lock(mutex_);
        if (!ended_.wait_for(lock, kAbandonment, [this] { return isDone_; }))
            _exit(kAbandoned);
    }
    void stopTraining() {
        if (beforeStop_)
            beforeStop_();
        stop_.request_stop();
    }
    void obey(const Message& message) {
        switch (message.kind) {
        case MessageKind::Pause:
            return trainer_.pause();
        case MessageKind::Resume:
            return trainer_.resume();
        case MessageKind::Step:
            return trainer_.step();
        case MessageKind::SetLearningRate:
            return trainer_.setLearningRate(realFrom(message.body));
        case MessageKind::RequestSnapshot:
            return trainer_.requestSnapshot();
        case MessageKind::Stop:
            return stopTraining();
        default:
            throw Error("a training is not asked for message {}",
                        static_cast<std::uint32_t>(message.kind));
        }
    }

    MessageChannel& channel_;
    Trainer& trainer_;
    const std::function<void()> beforeStop_;
    std::stop_source stop_;
    const std::stop_callback<std::function<void()>> forward_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool isDone_ = false;
    std::jthread thread_; ///< last: it uses the rest
};

} // namespace

void sendEvent(MessageChannel& channel, const TrainingEvent& event) {
    if (const auto* snapshot = std::get_if<SnapshotTaken>(&event))
        for (const auto& [key, values] : snapshot->weights->values)
            channel.send(MessageKind::Weight, weightBody(key, values));
    channel.send(MessageKind::Event, eventBody(event));
}

std::optional<Failed> serveTrainer(MessageChannel& channel, TrainingJob job,
                                   const Serving& serving) {
    std::optional<Failed> failure;
    const auto sink = [&](const TrainingEvent& event) {
        if (const auto* failed = std::get_if<Failed>(&event))
            failure = *failed;
        sendEvent(channel, event);
    };
    Trainer trainer(std::move(job), sink, serving.gpu);
    const Obedience obedience(channel, trainer, serving);
    trainer.run(obedience.stop());
    return failure;
}

} // namespace gradwright
