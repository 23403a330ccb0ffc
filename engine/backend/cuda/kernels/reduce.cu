// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/reduce.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(reduce, GRADWRIGHT_REDUCE_KERNELS)
