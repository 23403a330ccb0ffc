// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/device.h"

#include <span>

namespace gradwright::cuda {

/// The kernels as they were compiled for NVIDIA GPUs, one fat binary a family; none where the build
/// had no compiler for them. In the library gradwright_cuda_images, which only the program that
/// computes on GPUs links.
std::span<const Image> images();

} // namespace gradwright::cuda
