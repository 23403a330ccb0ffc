// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/element.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(element, GRADWRIGHT_ELEMENT_KERNELS)
