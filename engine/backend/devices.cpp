// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"

namespace gradwright {

std::shared_ptr<const Backend> backendFor(Precision precision) {
    return precision == Precision::F64 ? makeReferenceBackend() : makeOneDnnBackend();
}

std::vector<std::shared_ptr<const Backend>> backends() {
    return {makeOneDnnBackend(), makeReferenceBackend()};
}

} // namespace gradwright
