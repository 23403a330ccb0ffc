// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/worker.h"

#include "engine/backend/devices.h"
#include "engine/rates/measure.h"
#include "engine/support/error.h"
#include "engine/training/trainer.h"
#include "engine/worker/message.h"
#include "engine/worker/messages.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <stop_token>
#include <thread>

namespace gradwright {
namespace {

constexpr int kServed = 0;
constexpr int kBadRequest = 2;
constexpr int kAbandoned = 3; ///< the training did not stop after the other end had closed
constexpr auto kBeat = std::chrono::seconds(1);
constexpr auto kAbandonment = std::chrono::minutes(1);

/// Sends a sign of life every second, from a thread of its own: a step may take minutes.
class Heart {
public:
    explicit Heart(MessageChannel& channel)
        : thread_([this, &channel](const std::stop_token& stop) {
            std::unique_lock lock(mutex_);
            while (!changed_.wait_for(lock, stop, kBeat, [] { return false; }) &&
                   !stop.stop_requested())
                channel.send(MessageKind::Beat);
        }) {}

private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::jthread thread_; ///< last: it uses the rest
};

/// The GPU of that key, to `train` or `compute` on. Throws Error with the reason why it cannot be
/// had.
std::shared_ptr<const Backend> engineFor(const std::string& device, const GpuEngines& engines,
                                         std::string_view verb) {
    const auto ordinal = gpuOrdinal(device);
    if (!ordinal)
        return nullptr;
    const auto search = engines.search();
    if (search.found.empty())
        throw Error("There is no GPU to {} on: {}. {} on the CPU instead.", verb, search.why,
                    verb == "train" ? "Train" : "Compute");
    const auto place = static_cast<std::size_t>(*ordinal);
    if (place >= search.found.size())
        throw Error("There is no GPU {} in this computer; the last is {}, {}. Choose that one or "
                    "{} on the CPU.",
                    device, search.found.back().key, search.found.back().name, verb);
    const auto& gpu = search.found[place];
    if (!gpu.whyNot.empty())
        throw Error("{} ({}) cannot be used: {}. Choose another device.", gpu.name, gpu.key,
                    gpu.whyNot);
    return engines.make(*ordinal);
}

void sendEvent(MessageChannel& channel, const TrainingEvent& event) {
    if (const auto* snapshot = std::get_if<SnapshotTaken>(&event))
        for (const auto& [key, values] : snapshot->weights->values)
            channel.send(MessageKind::Weight, weightBody(key, values));
    channel.send(MessageKind::Event, eventBody(event));
}

/// Passes on what the other end asks of a training, until it closes.
class Obedience {
public:
    Obedience(MessageChannel& channel, Trainer& trainer)
        : channel_(channel)
        , trainer_(trainer)
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
        stop_.request_stop();
        std::unique_lock lock(mutex_);
        if (!ended_.wait_for(lock, kAbandonment, [this] { return isDone_; }))
            _exit(kAbandoned);
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
            stop_.request_stop();
            return;
        default:
            throw Error("a training is not asked for message {}",
                        static_cast<std::uint32_t>(message.kind));
        }
    }

    MessageChannel& channel_;
    Trainer& trainer_;
    std::stop_source stop_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool isDone_ = false;
    std::jthread thread_; ///< last: it uses the rest
};

void serveTraining(MessageChannel& channel, const Message& request, const GpuEngines& engines) {
    const Heart heart(channel);
    try {
        auto job = jobFrom(request.body);
        auto gpu = engineFor(job.settings.target().device, engines, "train");
        Trainer trainer(
            std::move(job), [&](const TrainingEvent& event) { sendEvent(channel, event); },
            std::move(gpu));
        const Obedience obedience(channel, trainer);
        trainer.run(obedience.stop());
    } catch (const std::exception& error) {
        sendEvent(channel, Failed{0, error.what(), false});
    }
}

/// Computes on the device whose key is asked for; what goes wrong is the last message.
template <class Work>
void serveWork(MessageChannel& channel, const Message& request, const Work& work) {
    const Heart heart(channel);
    std::string wrong;
    try {
        work(textFrom(request.body));
    } catch (const std::exception& error) {
        wrong = error.what();
    }
    channel.send(MessageKind::Done, textBody(wrong));
}

void serveMeasuring(MessageChannel& channel, const Message& request, const GpuEngines& engines) {
    const auto send = [&](const Rate& rate) {
        if (!channel.send(MessageKind::Rate, rateBody(rate)))
            throw Error("nobody waits for it any more");
    };
    serveWork(channel, request, [&](const std::string& device) {
        const auto gpu = engineFor(device, engines, "compute");
        if (!gpu)
            throw Error("{} is no GPU", device);
        const auto copies = engines.copies(*gpuOrdinal(device));
        const auto how = [&](std::string_view what) {
            return fmt::format("{} of {} MiB", what, copies.bytes >> 20);
        };
        constexpr auto kAny = RateFormat::F32;
        send({Rate::Kind::Memory, kAny, copies.inside, how("copies within it")});
        send({Rate::Kind::ToDevice, kAny, copies.toDevice, how("pinned memory, copies")});
        send({Rate::Kind::FromDevice, kAny, copies.fromDevice, how("pinned memory, copies")});
        measureGpuProducts(*gpu, send);
    });
}

void serveCheck(MessageChannel& channel, const Message& request, const GpuEngines& engines) {
    serveWork(channel, request, [&](const std::string& device) {
        const auto gpu = engineFor(device, engines, "compute");
        engines.check(gpu ? *gpu : *backendFor({.device = device}),
                      [&](const CheckedCase& checked) {
                          return channel.send(MessageKind::Case, caseBody(checked));
                      });
    });
}

} // namespace

int serveWorker(UniqueFd socket, const GpuEngines& engines) {
    // Ctrl+C and a closed terminal reach all of its programs: who asked for the work decides.
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGHUP, SIG_IGN);
    MessageChannel channel(std::move(socket));
    try {
        const auto request = channel.receive();
        if (!request)
            return kServed;
        if (request->kind == MessageKind::ListGpus) {
            channel.send(MessageKind::Gpus, gpusBody(engines.search()));
            return kServed;
        }
        if (request->kind == MessageKind::Train) {
            serveTraining(channel, *request, engines);
            return kServed;
        }
        if (request->kind == MessageKind::MeasureGpu) {
            serveMeasuring(channel, *request, engines);
            return kServed;
        }
        if (request->kind == MessageKind::CheckDevice) {
            serveCheck(channel, *request, engines);
            return kServed;
        }
        fmt::print(stderr, "gradwright-worker: message {} is no request\n",
                   static_cast<std::uint32_t>(request->kind));
    } catch (const Error& error) {
        fmt::print(stderr, "gradwright-worker: {}\n", error.what());
    }
    return kBadRequest;
}

} // namespace gradwright
