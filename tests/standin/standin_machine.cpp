// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/standin/standin_machine.h"

#include <algorithm>

namespace gradwright::cuda::standin {

/// Defined by the build: adds the kernels of the families that it lists.
void addFamilies();

int Machine::fail(int number, std::string why) {
    fault = std::move(why);
    return sticky = number;
}

int Machine::enter() {
    ++counters.calls;
    if (sticky != 0 || !injected)
        return sticky;
    if (injected->calls > 0) {
        --injected->calls;
        return 0;
    }
    const auto [calls, error, isLasting] = *injected;
    injected.reset();
    return isLasting ? fail(error, "an injected fault") : error;
}

bool Machine::isRecording() const {
    return std::ranges::any_of(streams, &DriverStream::isRecording);
}

Machine& machine() {
    static Machine one;
    return one;
}

int errorName(int error, const char** name) {
    static const std::map<int, const char*> names = {
        {kInvalidValue, "CUDA_ERROR_INVALID_VALUE"},
        {kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
        {kNoDevice, "CUDA_ERROR_NO_DEVICE"},
        {kInvalidDevice, "CUDA_ERROR_INVALID_DEVICE"},
        {kInvalidImage, "CUDA_ERROR_INVALID_IMAGE"},
        {kInvalidContext, "CUDA_ERROR_INVALID_CONTEXT"},
        {kUncorrectable, "CUDA_ERROR_ECC_UNCORRECTABLE"},
        {kInvalidHandle, "CUDA_ERROR_INVALID_HANDLE"},
        {kNotFound, "CUDA_ERROR_NOT_FOUND"},
        {kIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS"},
        {kLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED"},
        {kCaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
    };
    const auto found = names.find(error);
    *name = found == names.end() ? nullptr : found->second;
    return found == names.end() ? kInvalidValue : 0;
}

void addKernel(const KernelEntry& entry) {
    machine().modules[entry.family].functions.insert_or_assign(entry.name, DriverFunction{entry});
}

const Driver& standinDriver() {
    static const auto table = [] {
        addFamilies();
        return makeTable();
    }();
    return table;
}

std::vector<Image> standinImages() {
    standinDriver();
    std::vector<Image> images;
    for (const auto& [family, module] : machine().modules)
        images.push_back({family, &module});
    return images;
}

void restartStandin() {
    auto& m = machine();
    const std::scoped_lock lock(m.mutex);
    for (auto* stream : m.streams)
        *stream = {};
    m.memory.releaseAll();
    m.memory.setLimit(DeviceMemory::kUsualLimit);
    m.computeCapability = 90;
    m.sticky = 0;
    m.fault.clear();
    m.injected.reset();
    m.counters = {};
    setThreadOrder(Order::Forward);
}

const std::string& standinFault() {
    return machine().fault;
}

void setMemoryLimit(std::size_t bytes) {
    machine().memory.setLimit(bytes);
}

void setComputeCapability(int capability) {
    machine().computeCapability = capability;
}

void injectFault(std::size_t calls, int error, bool isLasting) {
    machine().injected = Injected{calls, error, isLasting};
}

const Counters& counters() {
    return machine().counters;
}

} // namespace gradwright::cuda::standin
