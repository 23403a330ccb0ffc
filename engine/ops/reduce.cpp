// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/reduce.h"

#include "engine/ops/checks.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/gradient.h"
#include "engine/ops/rearrange.h"

#include <algorithm>
#include <array>

namespace gradwright {

using namespace checks;

namespace {

std::vector<std::size_t> axesOf(const ReduceOp& op, std::size_t rank, InputTypes inputs) {
    std::vector<std::size_t> axes;
    for (const auto axis : op.axes)
        axes.push_back(requireAxis(axis, rank, op.name(), inputs));
    std::ranges::sort(axes);
    require(std::ranges::adjacent_find(axes) == axes.end(), op.name(), "names an axis once",
            inputs);
    for (std::size_t axis = 0; op.axes.empty() && axis < rank; ++axis)
        axes.push_back(axis);
    return axes;
}

Dims reducedDims(const Dims& dims, const std::vector<std::size_t>& axes, bool keep) {
    std::vector<Dim> rest;
    for (std::size_t axis = 0; axis < dims.rank(); ++axis) {
        const bool isReduced = std::ranges::find(axes, axis) != axes.end();
        if (!isReduced || keep)
            rest.push_back(isReduced ? Dim(1) : dims[axis]);
    }
    return Dims(std::move(rest));
}

} // namespace

std::string_view ReduceOp::name() const {
    constexpr std::array names = {"reduce-sum", "reduce-mean", "reduce-product",
                                  "reduce-max", "reduce-min",  "reduce-norm"};
    return names[static_cast<std::size_t>(kind)];
}
Types ReduceOp::outputs(InputTypes inputs) const {
    const auto type = sameAsInput(name(), inputs);
    const auto reduced = axesOf(*this, type.dims.rank(), inputs);
    return {ValueType::of(reducedDims(type.dims, reduced, keep))};
}
std::vector<Shape> ReduceOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t ReduceOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void ReduceOp::gradient(GradientContext& context) const {
    if (kind == ReduceKind::Product)
        return context.giveFused({.inputs = true});
    const auto x = context.input();
    const Types type{context.type(x)};
    const auto& dims = type[0].dims;
    const auto reduced = axesOf(*this, dims.rank(), type);
    const ReshapeOp withAxes{reducedDims(dims, reduced, true)};
    const auto aligned = [&](ValueId value) {
        return keep ? value : context.add(withAxes, {value});
    };
    const auto total = [&](ValueId value) {
        return context.add(ReduceOp{ReduceKind::Sum, axes, true}, {value});
    };
    const auto combined = [&](BinaryKind f, ValueId a, ValueId b) {
        return context.add(BinaryOp{f}, {a, b});
    };
    auto dy = aligned(context.gradient());
    switch (kind) {
    case ReduceKind::Sum:
        break;
    case ReduceKind::Mean: // the axes may be named: they are counted when the program runs
        dy = combined(BinaryKind::Divide, dy, total(context.add(FillOp{dims, 1}, {})));
        break;
    case ReduceKind::Maximum:
    case ReduceKind::Minimum: {
        const auto isBest =
            context.add(CompareOp{Comparison::Equal}, {x, aligned(context.output())});
        const auto shares = context.add(CastOp{DType::F32}, {isBest});
        const auto each = combined(BinaryKind::Divide, dy, total(shares));
        return context.give(0, combined(BinaryKind::Multiply, shares, each));
    }
    case ReduceKind::Norm: {
        // x is 0 where the norm is.
        constexpr double least = 1e-30;
        const auto norm =
            context.add(UnaryOp{UnaryKind::Clip, 1, 0, least, 1e30}, {aligned(context.output())});
        return context.give(
            0, combined(BinaryKind::Multiply, x, combined(BinaryKind::Divide, dy, norm)));
    }
    case ReduceKind::Product:
        return;
    }
    context.give(0, context.add(ExpandOp{dims}, {dy}));
}

std::string_view ArgMaxOp::name() const {
    return "arg-max";
}
Types ArgMaxOp::outputs(InputTypes inputs) const {
    const auto type = sameAsInput(name(), inputs);
    const auto along = requireAxis(axis, type.dims.rank(), name(), inputs);
    return {ValueType::of(reducedDims(type.dims, {along}, keep), DType::I64)};
}
std::vector<Shape> ArgMaxOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t ArgMaxOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void ArgMaxOp::gradient(GradientContext& /*context*/) const {}

std::string_view TopKOp::name() const {
    return "top-k";
}
Types TopKOp::outputs(InputTypes inputs) const {
    const auto type = sameAsInput(name(), inputs);
    const auto along = requireAxis(axis, type.dims.rank(), name(), inputs);
    auto dims = type.dims;
    require(dims[along].isNumber() && k >= 1 && k <= dims[along].number(), name(),
            fmt::format("{} must be between 1 and the length of the axis", k), inputs);
    dims[along] = k;
    return {ValueType::of(dims), ValueType::of(dims, DType::I64)};
}
std::vector<Shape> TopKOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t TopKOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void TopKOp::gradient(GradientContext& context) const {
    context.giveFused({.outputs = true});
}

} // namespace gradwright
