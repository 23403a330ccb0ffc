// SPDX-License-Identifier: GPL-3.0-or-later
//
// Weights that a quantized model holds as integers.
#include "engine/exchange/fold_values.h"
#include "engine/ops/quantize.h"
#include "engine/ops/value_type.h"
#include "engine/support/error.h"

#include <array>

namespace gradwright {

std::optional<FoldedOutputs> foldDequantization(const OnnxNode& node,
                                                std::span<const FoldedValue* const> inputs,
                                                FoldBudget& budget) {
    if (node.op != "DequantizeLinear" || inputs.size() < 2 || !inputs[1])
        return {};
    const auto& integers = *inputs[0]->tensor;
    const auto& scales = *inputs[1]->tensor;
    const auto* zeros = inputs.size() > 2 && inputs[2] ? inputs[2]->tensor.get() : nullptr;
    const DequantizeOp op{node.integer("axis", 1), node.integer("block_size", 0)};
    std::vector<ValueType> types{ValueType::of(Dims::of(integers.shape()), integers.dtype()),
                                 ValueType::of(Dims::of(scales.shape()), scales.dtype())};
    if (zeros)
        types.push_back(ValueType::of(Dims::of(zeros->shape()), zeros->dtype()));
    static_cast<void>(op.outputs(types)); // checks them
    budget.take(integers.elements());
    const ScaleLayout layout(integers.shape(), scales.shape(), op.axis, op.block);
    const auto given = integers.to(DType::F64);
    const auto factors = scales.to(DType::F64);
    const auto offsets = zeros ? zeros->to(DType::F64) : Tensor(DType::F64, scales.shape());
    Tensor made(DType::F32, integers.shape());
    const auto values = made.span<float>();
    std::size_t element = 0;
    for (std::size_t o = 0; o < layout.outer; ++o)
        for (std::size_t at = 0; at < layout.length; ++at)
            for (std::size_t i = 0; i < layout.inner; ++i, ++element) {
                const auto scale = layout.first(o, at) + i * layout.step();
                values[element] = static_cast<float>(
                    (given.span<double>()[element] - offsets.span<double>()[scale]) *
                    factors.span<double>()[scale]);
            }
    return FoldedOutputs{{std::make_shared<const Tensor>(std::move(made))}};
}

} // namespace gradwright
