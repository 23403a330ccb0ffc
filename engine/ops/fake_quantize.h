// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

#include <cstdint>
#include <span>

namespace gradwright {

// Training that knows of the integers that a network is going to compute in (Jacob et al. 2018):
// values are rounded as they will be, and gradients go through the rounding as if it were not there
// (straight-through estimator, Bengio, Léonard, Courville 2013).

/// (x, scale, zero) → (integer - zero) · scale, where integer = x / scale, rounded with halves to
/// the even number, plus zero, within the range of `to` (U8 or I8): what the numbers are worth that
/// QuantizeOp makes. The scale and the zero point are one real number each. The gradient passes
/// where the integer is within the range and is 0 where it was cut off; scale and zero have none.
struct FakeQuantizeOp {
    DType to = DType::U8;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const FakeQuantizeOp&) const = default;
};

/// How a weight is rounded wherever it is read, while the optimizer moves it as it is: to whole
/// numbers of -most … most times a scale, which is largest magnitude / most of each output channel
/// (index of the first axis) or, with a group of 1 or more, of each run of so many elements of one.
/// Nothing is cut off, so its gradient is that of what was read.
struct WeightRounding {
    double most = 127;
    std::int64_t group = 0;
    bool operator==(const WeightRounding&) const = default;
};

/// The rounded weight of `rows` output channels, as quantizeWeights() rounds kernels. `rounded` has
/// as many elements as `values` and may be the same memory.
template <class T>
void roundWeights(const WeightRounding& how, std::size_t rows, std::span<const T> values,
                  std::span<T> rounded);

} // namespace gradwright
