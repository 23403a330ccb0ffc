// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/noise.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(noise, GRADWRIGHT_NOISE_KERNELS)
