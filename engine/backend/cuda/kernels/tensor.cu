// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/tensor.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(tensor, GRADWRIGHT_TENSOR_KERNELS)
