// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/combine.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(combine, GRADWRIGHT_COMBINE_KERNELS)
