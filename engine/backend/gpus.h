// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
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
};

struct GpuSearch {
    std::vector<GpuInfo> found;
    std::string why; ///< where nothing was found: one clause without a full stop
};

/// NVIDIA's GPUs. Loads the driver at the first call; makes no context on a GPU.
GpuSearch findGpus();

/// What compiled the kernels for GPUs, and for which; empty in a build without them.
std::string gpuCodeMaker();

} // namespace gradwright
