// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/gpu_work.h"

#include "engine/support/error.h"
#include "engine/worker/messages.h"
#include "engine/worker/worker_link.h"

namespace gradwright {
namespace {

/// Asks and hands on what comes until the worker is done. `take` returns false to stop.
template <class Take>
bool askGpu(const GpuWork& work, MessageKind request, MessageKind answer, const Take& take) {
    using Clock = std::chrono::steady_clock;
    WorkerProcess worker(work.program ? *work.program : installedWorker());
    WorkerLink link(worker.socket());
    const std::stop_callback wakeToStop(work.stop, [&] { link.wake(); });
    link.send(request, textBody(work.device));
    for (auto heard = Clock::now(); !work.stop.stop_requested();) {
        constexpr int kLook = 1000; // ms
        if (link.wait(kLook))
            heard = Clock::now();
        while (const auto message = link.next()) {
            if (message->kind == MessageKind::Beat)
                continue;
            if (message->kind == MessageKind::Done) {
                if (const auto wrong = textFrom(message->body); !wrong.empty())
                    throw Error("{}", wrong);
                return true;
            }
            if (message->kind != answer)
                throw Error("the worker process has another answer than what it was asked for");
            if (!take(message->body))
                return false;
        }
        if (link.isClosed())
            throw Error("the process that computes on {} {}, perhaps in the NVIDIA driver",
                        work.device, worker.waitForEnd());
        if (Clock::now() - heard > work.patience)
            throw Error("the process that computes on {} gives no sign of life", work.device);
    }
    return false;
}

} // namespace

bool measureGpu(const GpuWork& work, const RateSink& sink) {
    return askGpu(work, MessageKind::MeasureGpu, MessageKind::Rate, [&](const auto& body) {
        sink(rateFrom(body));
        return true;
    });
}

bool checkDevice(const GpuWork& work, const CheckSink& sink) {
    return askGpu(work, MessageKind::CheckDevice, MessageKind::Case,
                  [&](const auto& body) { return sink(caseFrom(body)); });
}

} // namespace gradwright
