// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/cuda_backend.h"
#include "engine/training/recipes/optimizers.h"
#include "tests/standin/standin_driver.h"

namespace gradwright::test {

/// The CUDA engine on the stand-in.
inline std::unique_ptr<Backend> cudaBackend() {
    return cuda::makeCudaBackend(cuda::standin::standinDriver(), 0, cuda::standin::standinImages());
}

/// An optimizer of the catalog.
inline UpdateRule ruleOf(const std::string& key, const ParamValues& values = {}) {
    const auto& def = optimizer(key);
    return def.make(Params(def.params, values));
}

} // namespace gradwright::test
