// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/gpus.h"

#include <fmt/format.h>

#include <array>

namespace gradwright::cuda {
namespace {

// CUdevice_attribute
constexpr int kMultiprocessors = 16;
constexpr int kComputeMajor = 75;
constexpr int kComputeMinor = 76;

std::string nameOf(const Driver& driver, int error) {
    const char* name = nullptr;
    return driver.errorName(error, &name) == 0 && name ? std::string(name)
                                                       : fmt::format("error {}", error);
}

/// 0, or the driver's error.
int describe(const Driver& driver, int ordinal, GpuInfo& gpu) {
    int device = 0;
    std::array<char, 256> name{};
    const auto attribute = [&](int& value, int which) {
        return driver.deviceAttribute(&value, which, device);
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
    if (const int error = attribute(gpu.multiprocessors, kMultiprocessors); error != 0)
        return error;
    if (const int error = attribute(gpu.major, kComputeMajor); error != 0)
        return error;
    return attribute(gpu.minor, kComputeMinor);
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
        return {{}, fmt::format("the NVIDIA driver does not answer: {}", nameOf(driver, error))};
    if (count == 0)
        search.why = "the NVIDIA driver finds no GPU";
    return search;
}

GpuSearch findGpus() {
    const auto& [driver, why] = findDriver();
    return driver ? gpusOf(*driver) : GpuSearch{{}, why};
}

} // namespace gradwright::cuda
