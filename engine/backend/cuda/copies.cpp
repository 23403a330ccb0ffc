// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/copies.h"

#include "engine/backend/cuda/device.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace gradwright::cuda {

GpuCopies measureCopies(const Driver& driver, int ordinal, std::size_t bytes) {
    const auto device = std::make_shared<Device>(driver, ordinal, std::span<const Image>());
    device->use();
    GpuCopies copies;
    copies.bytes = std::min(bytes, device->freeMemory() / 8);
    const Memory first(device, copies.bytes);
    const Memory second(device, copies.bytes);
    const Pinned host(device, copies.bytes);
    std::memset(host.data(), 1, copies.bytes);
    Stream stream(device);
    /// Bytes a second of the fastest of several copies.
    const auto best = [&](const auto& copy) {
        constexpr int kCopies = 5;
        double seconds = 0;
        for (int i = 0; i <= kCopies; ++i) {
            const auto begin = std::chrono::steady_clock::now();
            copy();
            stream.synchronize();
            const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
            if (i == 1 || (i > 1 && spent.count() < seconds)) // the first one warms up
                seconds = spent.count();
        }
        return static_cast<double>(copies.bytes) / seconds;
    };
    copies.toDevice = best([&] { stream.copyIn(first.address(), host.data(), copies.bytes); });
    copies.inside = 2 * best([&] { stream.copy(second.address(), first.address(), copies.bytes); });
    copies.fromDevice = best([&] { stream.copyOut(host.data(), second.address(), copies.bytes); });
    return copies;
}

} // namespace gradwright::cuda
