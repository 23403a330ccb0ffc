// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/window.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(window, GRADWRIGHT_WINDOW_KERNELS)
