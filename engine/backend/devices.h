// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// The number of a GPU in its key: 0 for "cuda:0" and for "cuda", which is the first; nothing for
/// any other text. There are no more than 64 (their driver's limit).
std::optional<int> gpuOrdinal(std::string_view device);

/// What computes, and in which number format.
struct ComputeTarget {
    std::string device = "cpu"; ///< a key of DeviceInfo
    Precision precision = Precision::F32;
    bool operator==(const ComputeTarget&) const = default;

    /// Whether it computes in a process of its own (engine/worker).
    [[nodiscard]] bool isGpu() const { return gpuOrdinal(device).has_value(); }
};

/// The engine for it: on the processor oneDNN in FP32 and BF16, the reference in FP64; for a GPU
/// what plans and refuses (makeGpuPlanner()). `cpu` is for the CPU engine only. Throws Error that
/// names the devices there are.
std::shared_ptr<const Backend> backendFor(const ComputeTarget& target, CpuOptions cpu = {});

/// Whether the processor lacks the instructions for it and others stand in.
bool isEmulated(Precision precision);
/// Whether the processor has them and training convolutions takes longer than in FP32 all the same.
bool isSlower(Precision precision);
/// Whether no engine of the processor computes in it.
bool needsGpu(Precision precision);

/// Every engine of this build, the fast one first.
std::vector<std::shared_ptr<const Backend>> backends();

} // namespace gradwright
