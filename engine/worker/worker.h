// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/gpus.h"
#include "engine/check/check.h"
#include "engine/support/posix_file.h"

#include <functional>
#include <memory>

namespace gradwright {

/// What a worker computes with.
struct GpuEngines {
    std::function<GpuSearch()> search;
    /// The engine on the GPU of that number, which search() has found usable.
    std::function<std::shared_ptr<const Backend>(int ordinal)> make;
    /// How fast that GPU copies.
    std::function<GpuCopies(int ordinal)> copies;
    /// checkBackend(), which is handed in so that programs that start workers do not have the
    /// cases.
    std::function<void(const Backend& backend, const CheckSink& sink)> check;
};

/// The worker's side of RemoteTrainer, listGpus(), measureGpu() and checkDevice(): serves the one
/// request that comes through the socket and returns the program's exit code. When the other end
/// closes, a training stops with a checkpoint as on request; one that does not within a minute ends
/// the process.
int serveWorker(UniqueFd socket, const GpuEngines& engines);

} // namespace gradwright
