// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/driver.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace gradwright::cuda {
namespace {

/// CUDA 11.4: the first whose cuGraphInstantiateWithFlags there is.
constexpr int kOldestVersion = 11040;

/// Empty, or what keeps the library from being used.
std::string fillTable(void* library, Driver& driver) {
#define GRADWRIGHT_DRIVER_FIND(symbol, name, arguments)                                            \
    driver.name = reinterpret_cast<decltype(driver.name)>(dlsym(library, symbol));                 \
    if (!driver.name)                                                                              \
        return "the NVIDIA driver is too old: it has no " symbol;
    GRADWRIGHT_DRIVER_FUNCTIONS(GRADWRIGHT_DRIVER_FIND)
#undef GRADWRIGHT_DRIVER_FIND
    return {};
}

/// Empty, or why it serves nothing.
std::string startDriver(const Driver& driver) {
    const auto nameOf = [&](int error) {
        const char* name = nullptr;
        return driver.errorName(error, &name) == 0 && name ? std::string(name)
                                                           : fmt::format("error {}", error);
    };
    if (const int error = driver.init(0); error != 0)
        return fmt::format("the NVIDIA driver finds no device: {}", nameOf(error));
    int version = 0;
    if (const int error = driver.driverVersion(&version); error != 0)
        return fmt::format("the NVIDIA driver does not answer: {}", nameOf(error));
    if (version < kOldestVersion)
        return fmt::format("the NVIDIA driver is too old: it is for CUDA {}.{}, needed is {}.{}",
                           version / 1000, version % 1000 / 10, kOldestVersion / 1000,
                           kOldestVersion % 1000 / 10);
    return {};
}

DriverFound loadDriver() {
    // Never closed: the driver keeps threads.
    void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return {nullptr, "no NVIDIA driver is installed"};
    static Driver driver;
    auto why = fillTable(library, driver);
    if (why.empty())
        why = startDriver(driver);
    return {why.empty() ? &driver : nullptr, why};
}

} // namespace

const DriverFound& findDriver() {
    static const auto found = loadDriver();
    return found;
}

} // namespace gradwright::cuda
