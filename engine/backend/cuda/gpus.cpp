// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/gpus.h"

#include <fmt/format.h>

#include <array>

namespace gradwright::cuda {
namespace {

std::string errorName(const Driver& driver, int error) {
    const char* name = nullptr;
    return driver.errorName(error, &name) == 0 && name ? std::string(name)
                                                       : fmt::format("error {}", error);
}

/// 0, or the driver's error.
int describe(const Driver& driver, int ordinal, GpuInfo& gpu) {
    int device = 0;
    std::array<char, 256> name{};
    const auto attribute = [&](int& value, DeviceAttribute which) {
        return driver.deviceAttribute(&value, static_cast<int>(which), device);
    };
    gpu.key = fmt::format("cuda:{}", ordinal);
    if (const int error = driver.deviceGet(&device, ordinal); error != 0)
        return error;
    if (const int error = driver.deviceName(name.data(), static_cast<int>(name.size()), device);
        error != 0)
        return error;
    gpu.name = name.data();
    if (const int error = driver.deviceMemory(&gpu.memory, device); error != 0)
        return error;
    if (const int error = attribute(gpu.multiprocessors, DeviceAttribute::Multiprocessors);
        error != 0)
        return error;
    if (const int error = attribute(gpu.major, DeviceAttribute::ComputeMajor); error != 0)
        return error;
    if (const int error = attribute(gpu.minor, DeviceAttribute::ComputeMinor); error != 0)
        return error;
    // Newer drivers may not tell the rest, which nothing depends on.
    const auto clock = [&](DeviceAttribute which) {
        int kilohertz = 0;
        return attribute(kilohertz, which) == 0 ? 1e3 * kilohertz : 0.0;
    };
    gpu.clock = clock(DeviceAttribute::ClockRate);
    gpu.memoryClock = clock(DeviceAttribute::MemoryClockRate);
    if (attribute(gpu.memoryBits, DeviceAttribute::MemoryBusWidth) != 0)
        gpu.memoryBits = 0;
    return 0;
}

} // namespace

GpuSearch gpusOf(const Driver& driver) {
    GpuSearch search;
    int version = 0;
    int count = 0;
    int error = driver.driverVersion(&version);
    if (error == 0)
        error = driver.deviceCount(&count);
    for (int i = 0; error == 0 && i < count; ++i) {
        auto& gpu = search.found.emplace_back();
        gpu.driverVersion = version;
        error = describe(driver, i, gpu);
    }
    if (error != 0)
        return {{}, fmt::format("the NVIDIA driver does not answer: {}", errorName(driver, error))};
    if (count == 0)
        search.why = "the NVIDIA driver finds no GPU";
    return search;
}

} // namespace gradwright::cuda

namespace gradwright {

GpuSearch findGpus() {
    const auto& [driver, why] = cuda::findDriver();
    if (!driver)
        return {{}, why};
    auto search = cuda::gpusOf(*driver);
    for (auto& gpu : search.found) {
        if (gpuCodeMaker().empty())
            gpu.whyNot = "this program was built without code for GPUs";
        else if (10 * gpu.major + gpu.minor < cuda::kOldestCapability)
            gpu.whyNot =
                fmt::format("its compute capability {}.{} is below {}.{}", gpu.major, gpu.minor,
                            cuda::kOldestCapability / 10, cuda::kOldestCapability % 10);
    }
    return search;
}

} // namespace gradwright
