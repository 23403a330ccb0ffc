// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <cstdint>

namespace gradwright::test {

/// Standard normal numbers times `scale`, in F32 or F64.
Tensor randomTensor(DType dtype, const Shape& shape, std::uint64_t seed, double scale = 1.0);

/// |a - b| / max(|b|, tiny), Euclidean norms over all elements; b is the trusted one. Infinity when
/// the shapes differ or anything is not finite.
double relativeDifference(const Tensor& a, const Tensor& b);

} // namespace gradwright::test
