// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"

#include "engine/backend/gpus.h"
#include "engine/support/error.h"

#include <algorithm>
#include <charconv>

namespace gradwright {

std::optional<int> gpuOrdinal(std::string_view device) {
    constexpr std::string_view kFirst = "cuda";
    constexpr int kMost = 64;
    if (device == kFirst)
        return 0;
    if (!device.starts_with(kFirst) || device.size() < kFirst.size() + 2 ||
        device[kFirst.size()] != ':')
        return {};
    const auto digits = device.substr(kFirst.size() + 1);
    int ordinal = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), ordinal);
    const bool isNumber = error == std::errc() && end == digits.data() + digits.size();
    // One key a GPU: no sign, no zeros in front.
    if (!isNumber || ordinal < 0 || ordinal >= kMost || std::to_string(ordinal) != digits)
        return {};
    return ordinal;
}

std::shared_ptr<const Backend> backendFor(const ComputeTarget& target, CpuOptions cpu) {
    if (target.device == "reference")
        return makeReferenceBackend();
    if (target.isGpu())
        return makeGpuPlanner(target.device);
    if (target.device != "cpu")
        throw Error("there is no device \"{}\"; known are cpu, reference, and cuda:0 and on for "
                    "NVIDIA GPUs",
                    target.device);
    return target.precision == Precision::F64 ? makeReferenceBackend() : makeOneDnnBackend(cpu);
}

bool isEmulated(Precision precision) {
    static const auto emulated = makeOneDnnBackend()->device().emulated;
    return std::ranges::find(emulated, precision) != emulated.end();
}

bool isSlower(Precision precision) {
    static const auto slower = makeOneDnnBackend()->device().slower;
    return std::ranges::find(slower, precision) != slower.end();
}

bool needsGpu(Precision precision) {
    return precision == Precision::F16 || precision == Precision::Tf32;
}

std::vector<std::shared_ptr<const Backend>> backends() {
    return {makeOneDnnBackend(), makeReferenceBackend()};
}

} // namespace gradwright
