// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/check/check.h"
#include "engine/rates/rate.h"
#include "engine/worker/worker_process.h"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

namespace gradwright {

/// How a worker is asked for something short.
struct GpuWork {
    std::string device;                        ///< its key
    std::optional<WorkerProgram> program = {}; ///< installedWorker() where it is left out
    std::chrono::seconds patience{60};         ///< for a sign of life, which comes every second
    std::stop_token stop = {};                 ///< ends the worker
};

/// Measures products in each precision that the GPU's engine has, its memory and copies from and to
/// it, in a worker process. What is measured goes to `sink` at once, on this thread. Returns false
/// when stopped. Throws Error with what went wrong, the worker's end included.
bool measureGpu(const GpuWork& work, const RateSink& sink);

/// checkBackend() on a GPU or, as "cpu", on the processor, in a worker process; `sink` gets each
/// case at once, on this thread, and stops the check when it returns false. Returns false when
/// stopped. Throws Error as measureGpu().
bool checkDevice(const GpuWork& work, const CheckSink& sink);

} // namespace gradwright
