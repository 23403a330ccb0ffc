// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/gpus.h"
#include "engine/support/posix_file.h"

#include <functional>
#include <memory>

namespace gradwright {

/// What a worker computes with.
struct GpuEngines {
    std::function<GpuSearch()> search;
    /// The engine on the GPU of that number, which search() has found usable.
    std::function<std::shared_ptr<const Backend>(int ordinal)> make;
};

/// The worker's side of RemoteTrainer and listGpus(): serves the one request that comes through the
/// socket and returns the program's exit code. When the other end closes, a training stops with a
/// checkpoint as on request; one that does not within a minute ends the process.
int serveWorker(UniqueFd socket, const GpuEngines& engines);

} // namespace gradwright
