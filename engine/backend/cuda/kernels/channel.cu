// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/channel.cuh"

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(channel, GRADWRIGHT_CHANNEL_KERNELS)
