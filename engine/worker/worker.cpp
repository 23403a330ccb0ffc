// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/worker.h"

#include "engine/backend/devices.h"
#include "engine/rates/measure.h"
#include "engine/support/error.h"
#include "engine/training/trainer.h"
#include "engine/worker/heart.h"
#include "engine/worker/message.h"
#include "engine/worker/messages.h"
#include "engine/worker/served_trainer.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>

namespace gradwright {
namespace {

constexpr int kServed = 0;
constexpr int kBadRequest = 2;

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

void serveTraining(MessageChannel& channel, const Message& request, const GpuEngines& engines) {
    const Heart heart(channel);
    try {
        auto job = jobFrom(request.body);
        auto gpu = engineFor(job.settings.target().device, engines, "train");
        serveTrainer(channel, std::move(job), {.gpu = std::move(gpu)});
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
