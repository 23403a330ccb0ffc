// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <memory>
#include <vector>

namespace gradwright {

/// What computes, and in which number format.
struct ComputeTarget {
    std::string device = "cpu"; ///< a key of DeviceInfo
    Precision precision = Precision::F32;
    bool operator==(const ComputeTarget&) const = default;
};

/// The engine for it: on the processor oneDNN in FP32 and BF16, the reference in FP64. `cpu` is for
/// the CPU engine only. Throws Error that names the devices there are.
std::shared_ptr<const Backend> backendFor(const ComputeTarget& target, CpuOptions cpu = {});

/// Whether the processor lacks the instructions for it and others stand in.
bool isEmulated(Precision precision);
/// Whether the processor has them and training convolutions takes longer than in FP32 all the same.
bool isSlower(Precision precision);

/// Every engine of this build, the fast one first.
std::vector<std::shared_ptr<const Backend>> backends();

} // namespace gradwright
