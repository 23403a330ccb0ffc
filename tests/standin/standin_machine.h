// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What lies behind the table of the stand-in.

#include "tests/standin/standin_driver.h"
#include "tests/standin/standin_memory.h"

#include <functional>
#include <map>
#include <mutex>
#include <set>

namespace gradwright::cuda {

namespace standin {
/// Something that the device does: 0 or an error.
using Task = std::function<int()>;
} // namespace standin

struct DriverContext {};
struct DriverFunction {
    standin::KernelEntry kernel;
};
/// Kernels of one family. Its address is the family's image, too.
struct DriverModule {
    std::map<std::string, DriverFunction, std::less<>> functions;
};
struct DriverStream {
    std::vector<standin::Task> queue, recorded;
    bool isRecording = false;

    void add(standin::Task task) { (isRecording ? recorded : queue).push_back(std::move(task)); }
};
struct DriverGraph {
    std::vector<standin::Task> tasks;
};
struct DriverGraphExec {
    std::vector<standin::Task> tasks;
};

namespace standin {

struct Injected {
    std::size_t calls; ///< that come before
    int error;
    bool isLasting;
};

struct Machine {
    DeviceMemory memory;
    std::map<std::string, DriverModule, std::less<>> modules; ///< by family
    std::set<DriverStream*> streams;
    DriverContext context;
    int contexts = 0; ///< how often it is retained
    int computeCapability = 90;
    int sticky = 0; ///< what everything gives from now on
    std::string fault;
    std::optional<Injected> injected;
    Counters counters;
    std::mutex mutex;

    /// Everything gives `number` from now on.
    int fail(int number, std::string why);
    /// Counts a call. Its error when it cannot be served, else 0.
    int enter();
    [[nodiscard]] bool isRecording() const;
};
Machine& machine();

int errorName(int error, const char** name);
/// The functions of the table.
Driver makeTable();

} // namespace standin
} // namespace gradwright::cuda
