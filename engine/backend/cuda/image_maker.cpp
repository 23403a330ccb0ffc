// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/gpus.h"

namespace gradwright {

std::string gpuCodeMaker() {
    return GRADWRIGHT_CUDA_MAKER;
}

} // namespace gradwright
