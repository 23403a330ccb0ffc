// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/device.h"

#include <span>

namespace gradwright::cuda {

/// The kernels as they were compiled for NVIDIA GPUs, one fat binary a family; none where the build
/// had no compiler for them.
std::span<const Image> images();
/// What made them, e.g. "nvcc 13.0 for sm_75, sm_80"; empty where there are none.
std::string_view imageMaker();

} // namespace gradwright::cuda
