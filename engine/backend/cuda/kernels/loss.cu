// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/loss.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(loss, GRADWRIGHT_LOSS_KERNELS)
