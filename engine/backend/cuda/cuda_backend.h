// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/cuda/device.h"

namespace gradwright::cuda {

/// The engine on one GPU. The device is opened when the first program is compiled.
std::unique_ptr<Backend> makeCudaBackend(const Driver& driver, int ordinal,
                                         std::span<const Image> images);

} // namespace gradwright::cuda
