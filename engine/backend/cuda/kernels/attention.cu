// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/attention.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(attention, GRADWRIGHT_ATTENTION_KERNELS)
