// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/gpus.h"
#include "engine/worker/worker_process.h"

#include <chrono>
#include <optional>
#include <stop_token>

namespace gradwright {

/// NVIDIA's GPUs, found by a worker process, so that the driver is never loaded into this one and
/// cannot take it along when it crashes. `program`: the worker, installedWorker() where it is left
/// out. Takes a moment, up to `patience` (a driver that is started first thing takes seconds), and
/// finds nothing when it is stopped before.
/// Throws nothing: what is wrong is the reason why none was found.
GpuSearch listGpus(const std::optional<WorkerProgram>& program = {},
                   std::chrono::milliseconds patience = std::chrono::seconds(30),
                   const std::stop_token& stop = {});

} // namespace gradwright
