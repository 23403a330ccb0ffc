// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/sequence.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(sequence, GRADWRIGHT_SEQUENCE_KERNELS)
