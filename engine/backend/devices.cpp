// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"

#include <algorithm>

namespace gradwright {

std::shared_ptr<const Backend> backendFor(Precision precision) {
    return precision == Precision::F64 ? makeReferenceBackend() : makeOneDnnBackend();
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
