// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/recurrent.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(recurrent, GRADWRIGHT_RECURRENT_KERNELS)
