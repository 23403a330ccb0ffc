// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace gradwright {

/// A GPU as its driver describes it.
struct GpuInfo {
    std::string key; ///< "cuda:0"
    std::string name;
    std::size_t memory = 0;   ///< bytes
    int major = 0, minor = 0; ///< compute capability
    int multiprocessors = 0;
    int driverVersion = 0; ///< of CUDA that the driver is for, 1000 · major + 10 · minor
    std::string whyNot;    ///< what keeps it from being used; empty: nothing does
    // 0 where the driver does not tell:
    double clock = 0;       ///< Hz, the highest
    double memoryClock = 0; ///< Hz, the highest
    int memoryBits = 0;     ///< width of the bus to its memory
};

/// How fast a GPU copies.
struct GpuCopies {
    std::size_t bytes = 0;               ///< of each copy
    double toDevice = 0, fromDevice = 0; ///< bytes a second, from and to pinned memory
    double inside = 0; ///< bytes a second that copies within its memory read and write together
};

struct GpuSearch {
    std::vector<GpuInfo> found;
    std::string why; ///< where nothing was found: one clause without a full stop
};

/// NVIDIA's GPUs. Loads the driver at the first call; makes no context on a GPU. For the program
/// that computes on them: others ask it (engine/worker/gpu_list.h).
GpuSearch findGpus();

/// What compiled the kernels for GPUs, and for which; empty in a build without them.
std::string gpuCodeMaker();

/// In which precisions a GPU of its compute capability trains.
std::vector<Precision> precisionsOf(const GpuInfo& gpu);

/// What a GPU would need and refuse, without one: plan() and supports() work, compile() throws
/// Error. `device` is its key.
std::unique_ptr<Backend> makeGpuPlanner(std::string device);

} // namespace gradwright
