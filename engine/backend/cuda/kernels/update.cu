// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/update.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(update, GRADWRIGHT_UPDATE_KERNELS)
