// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/gpu_list.h"

#include "engine/support/error.h"
#include "engine/worker/messages.h"
#include "engine/worker/worker_link.h"

namespace gradwright {

GpuSearch listGpus(const std::optional<WorkerProgram>& program, std::chrono::milliseconds patience,
                   const std::stop_token& stop) {
    try {
        WorkerProcess worker(program ? *program : installedWorker());
        WorkerLink link(worker.socket());
        const std::stop_callback wakeToStop(stop, [&] { link.wake(); });
        link.send(MessageKind::ListGpus);
        const auto until = std::chrono::steady_clock::now() + patience;
        for (;;) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                until - std::chrono::steady_clock::now());
            if (left.count() <= 0 || stop.stop_requested())
                return {{}, "the NVIDIA driver does not answer"};
            link.wait(static_cast<int>(left.count()));
            while (const auto message = link.next()) {
                if (message->kind != MessageKind::Gpus)
                    throw Error("the worker process has another answer than a list of GPUs");
                return gpusFrom(message->body);
            }
            if (link.isClosed())
                return {{},
                        fmt::format("the process that looked for them {}, perhaps in the "
                                    "NVIDIA driver",
                                    worker.waitForEnd())};
        }
    } catch (const std::exception& error) {
        return {{}, error.what()};
    }
}

} // namespace gradwright
