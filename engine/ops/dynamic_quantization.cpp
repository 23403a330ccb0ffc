// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/dynamic_quantization.h"

namespace gradwright {

DynamicallyQuantized dynamicQuantize(OpGraph& graph, ValueId x, const std::string& path) {
    constexpr float steps = 255;
    const auto number = [&](float value) {
        return graph.addConstant(Tensor::of<float>({}, std::span(&value, 1)), path);
    };
    const auto add = [&](OpAttributes op, std::vector<ValueId> inputs) {
        return graph.add(std::move(op), std::move(inputs), path);
    };
    const auto zero = number(0);
    const auto least =
        add(BinaryOp{BinaryKind::Minimum}, {add(ReduceOp{ReduceKind::Minimum}, {x}), zero});
    const auto most =
        add(BinaryOp{BinaryKind::Maximum}, {add(ReduceOp{ReduceKind::Maximum}, {x}), zero});
    const auto range = add(BinaryOp{BinaryKind::Subtract}, {most, least});
    const auto isZero = add(CompareOp{Comparison::Equal}, {range, zero});
    const auto scale = add(
        WhereOp{}, {isZero, number(1), add(BinaryOp{BinaryKind::Divide}, {range, number(steps)})});
    const auto place = add(BinaryOp{BinaryKind::Divide, -1}, {least, scale});
    const auto clipped = add(UnaryOp{UnaryKind::Clip, 1, 0, 0, steps}, {place});
    const auto zeroPoint = add(CastOp{DType::U8}, {add(UnaryOp{UnaryKind::Round}, {clipped})});
    return {add(QuantizeOp{DType::U8}, {x, scale, zeroPoint}), scale, zeroPoint};
}

} // namespace gradwright
