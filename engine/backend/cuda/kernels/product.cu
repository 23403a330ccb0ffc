// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/convolution.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(product, GRADWRIGHT_PRODUCT_KERNELS)
