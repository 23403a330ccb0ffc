// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/numeric.h"

#include "engine/support/rng.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright::test {

Tensor randomTensor(DType dtype, const Shape& shape, std::uint64_t seed, double scale) {
    Tensor tensor(DType::F64, shape);
    const Rng rng(seed, RngStream::Test);
    std::uint64_t counter = 0;
    for (auto& value : tensor.span<double>())
        value = scale * rng.normal(counter++);
    return tensor.to(dtype);
}

double relativeDifference(const Tensor& a, const Tensor& b) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (a.shape() != b.shape())
        return infinity;
    const auto left = a.to(DType::F64);
    const auto right = b.to(DType::F64);
    double difference = 0;
    double norm = 0;
    for (std::size_t i = 0; i < left.span<double>().size(); ++i) {
        const double x = left.span<double>()[i];
        const double y = right.span<double>()[i];
        difference += (x - y) * (x - y);
        norm += y * y;
    }
    if (!std::isfinite(difference) || !std::isfinite(norm))
        return infinity;
    return std::sqrt(difference) / std::max(std::sqrt(norm), 1e-30);
}

} // namespace gradwright::test
