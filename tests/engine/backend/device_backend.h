// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

namespace gradwright::test {

/// A third backend, for the tests alone: the reference's kernels in FP32 behind the interface that
/// a device has to fill, with memory of its own that the host reaches by copies only. Its size is
/// the measure of what a backend has to write.
std::unique_ptr<Backend> makeDeviceBackend();

} // namespace gradwright::test
