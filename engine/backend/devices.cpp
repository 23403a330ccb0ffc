// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"

#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {

std::shared_ptr<const Backend> backendFor(const ComputeTarget& target, CpuOptions cpu) {
    if (target.device == "reference")
        return makeReferenceBackend();
    if (target.device != "cpu")
        throw Error("there is no device \"{}\"; known are cpu and reference", target.device);
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

std::vector<std::shared_ptr<const Backend>> backends() {
    return {makeOneDnnBackend(), makeReferenceBackend()};
}

} // namespace gradwright
