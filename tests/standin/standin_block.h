// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/standin/standin_device.h"

#include <stdexcept>

namespace gradwright::cuda::standin {

/// A kernel that broke CUDA's rules: kernel, block, thread and what it did.
class KernelError : public std::runtime_error {
public:
    KernelError(const std::string& what, bool isIllegalAddress)
        : std::runtime_error(what)
        , isIllegalAddress_(isIllegalAddress) {}

    /// It read or wrote what is no memory of the device.
    [[nodiscard]] bool isIllegalAddress() const { return isIllegalAddress_; }

private:
    bool isIllegalAddress_;
};

enum class Order { Forward, Backward, Shuffled };
/// In which order threads that can go on, and blocks, run. Results that depend on it show a race.
void setThreadOrder(Order order, std::uint64_t seed = 1);

/// Why a block of this shape cannot run on any device, or null.
const char* refusal(dim3 grid, dim3 block, std::size_t sharedBytes);

struct KernelRun {
    const char* name;
    dim3 grid, block;
    std::size_t sharedBytes = 0;               ///< what GRADWRIGHT_DYNAMIC_SHARED finds
    void (*body)(const void* state) = nullptr; ///< of each thread
    const void* state = nullptr;
};
/// Runs all blocks of a kernel, one thread of the system at a time. What the shape is, refusal()
/// has not refused. Throws KernelError; threads of the kernel are then left where they were.
void run(const KernelRun& kernel);

} // namespace gradwright::cuda::standin
