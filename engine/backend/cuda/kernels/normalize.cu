// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/normalize.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(normalize, GRADWRIGHT_NORMALIZE_KERNELS)
