// SPDX-License-Identifier: GPL-3.0-or-later
// In builds without a compiler for NVIDIA GPUs.
#include "engine/backend/cuda/images.h"

namespace gradwright::cuda {

std::span<const Image> images() {
    return {};
}

} // namespace gradwright::cuda
