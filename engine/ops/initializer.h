// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"
#include "engine/tensor/tensor.h"

#include <string>
#include <vector>

namespace gradwright {

/// How a weight gets its first values. The number of inputs (fan-in) and outputs (fan-out) of one
/// unit comes with the weight.
struct Initializer {
    std::string key = "zeros"; ///< of initializers()
    double value = 0.0;        ///< a of "constant", "uniform", "normal", "truncated-normal"
    double gain = 1.0;         ///< multiplies the Xavier family and "orthogonal"; He has its own

    bool operator==(const Initializer&) const = default;
};

struct InitializerDef {
    std::string key;
    std::string title;
    std::string formula;
    std::string doc;
    bool forKernels; ///< offered for kernels, not only for biases
};

const std::vector<InitializerDef>& initializers();

struct WeightFans {
    std::int64_t in = 1;
    std::int64_t out = 1;
};

/// Random values of the shape, a function of seed, weight key and initializer alone, so that adding
/// a layer does not change the start of the others. Computed in double, kept as F32 or F64. Throws
/// Error for an unknown key.
Tensor initialize(const Initializer& initializer, const Shape& shape, WeightFans fans,
                  std::uint64_t seed, std::string_view weightKey, DType dtype = DType::F64);

} // namespace gradwright
