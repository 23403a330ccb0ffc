// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/quantized_pool.h"
#include "engine/tensor/shape.h"

#include <cstddef>

namespace gradwright::onednn {

/// Sizes of a QuantizedPoolOp. Values have their channels side by side at each position.
struct IntegerPoolPlan {
    IntegerPoolPlan(const QuantizedPoolOp& what, const Shape& x, const Shape& made);

    MeanFinisher finisher;
    std::int32_t zero; ///< of x
    PoolOp pool;
    std::size_t samples = 1, channels = 1;
    Extents in, out;
};
/// `In` and `Out` are std::uint8_t or std::int8_t, as x and the result are.
template <class In, class Out>
void poolIntegers(const IntegerPoolPlan& plan, Out* out, const In* x);

} // namespace gradwright::onednn
