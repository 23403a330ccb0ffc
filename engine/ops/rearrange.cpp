// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/rearrange.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"

#include <algorithm>
#include <numeric>

namespace gradwright {

using namespace checks;

ReshapeOp ReshapeOp::ofSample(const Shape& sample) {
    return {Dims::perSample(sample)};
}
std::string_view ReshapeOp::name() const {
    return "reshape";
}
Types ReshapeOp::outputs(InputTypes inputs) const {
    requireInputs(1, name(), inputs);
    require(dims.product() == inputs[0].dims.product(), name(),
            fmt::format("{} needs as many elements as the input", toString(dims)), inputs);
    return {ValueType::of(dims, inputs[0].element)};
}
std::vector<Shape> ReshapeOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t ReshapeOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

PermuteOp PermuteOp::ofSample(std::vector<std::int64_t> axes) {
    for (auto& axis : axes)
        ++axis;
    axes.insert(axes.begin(), 0);
    return {std::move(axes)};
}
std::string_view PermuteOp::name() const {
    return "permute";
}
Types PermuteOp::outputs(InputTypes inputs) const {
    requireInputs(1, name(), inputs);
    const auto& in = inputs[0].dims;
    auto sorted = axes;
    std::ranges::sort(sorted);
    std::vector<std::int64_t> all(in.rank());
    std::iota(all.begin(), all.end(), 0);
    require(sorted == all, name(), "names every axis once", inputs);
    std::vector<Dim> dims;
    for (const auto axis : axes)
        dims.push_back(in[static_cast<std::size_t>(axis)]);
    return {ValueType::of(Dims(std::move(dims)), inputs[0].element)};
}
std::vector<Shape> PermuteOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t PermuteOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

ConcatOp ConcatOp::ofSample(std::int64_t axis) {
    return {axis + 1};
}
std::string_view ConcatOp::name() const {
    return "concatenate";
}
Types ConcatOp::outputs(InputTypes inputs) const {
    require(!inputs.empty(), name(), "takes one or more inputs", inputs);
    auto dims = inputs[0].dims;
    const auto along = requireAxis(axis, dims.rank(), name(), inputs);
    for (const auto& input : inputs.subspan(1)) {
        auto expected = input.dims;
        const bool sameRank = expected.rank() == dims.rank();
        if (sameRank)
            expected[along] = dims[along];
        require(sameRank && expected == dims && input.element == inputs[0].element, name(),
                fmt::format("inputs must agree in all but axis {}", axis), inputs);
        require(dims[along].isNumber() && input.dims[along].isNumber(), name(),
                "the lengths along the axis must be numbers", inputs);
        dims[along] = dims[along].number() + input.dims[along].number();
    }
    return {ValueType::of(std::move(dims), inputs[0].element)};
}
std::vector<Shape> ConcatOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t ConcatOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

void ReshapeOp::gradient(GradientContext& context) const {
    const ReshapeOp back{context.type(context.input()).dims};
    context.give(0, context.add(back, {context.gradient()}));
}
void PermuteOp::gradient(GradientContext& context) const {
    PermuteOp back{std::vector<std::int64_t>(axes.size())};
    for (std::size_t i = 0; i < axes.size(); ++i)
        back.axes[static_cast<std::size_t>(axes[i])] = static_cast<std::int64_t>(i);
    context.give(0, context.add(back, {context.gradient()}));
}
void ConcatOp::gradient(GradientContext& context) const {
    SplitOp split{axis, {}};
    const auto rank = static_cast<std::int64_t>(context.type(context.output()).dims.rank());
    const auto along = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
    for (std::size_t i = 0; i < context.inputs(); ++i)
        split.sizes.push_back(context.type(context.input(i)).dims[along].number());
    const auto pieces = context.addAll(split, {context.gradient()});
    for (std::size_t i = 0; i < context.inputs(); ++i)
        if (context.wants(i))
            context.give(i, pieces[i]);
}

std::string_view SplitOp::name() const {
    return "split";
}
Types SplitOp::outputs(InputTypes inputs) const {
    requireInputs(1, name(), inputs);
    auto dims = inputs[0].dims;
    const auto along = requireAxis(axis, dims.rank(), name(), inputs);
    const auto whole = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    const bool positive = std::ranges::all_of(sizes, [](auto size) { return size >= 1; });
    require(positive && dims[along] == Dim(whole), name(),
            fmt::format("the lengths of its {} pieces must add up to the axis's", sizes.size()),
            inputs);
    Types types;
    for (const auto size : sizes) {
        dims[along] = size;
        types.push_back(ValueType::of(dims, inputs[0].element));
    }
    return types;
}
std::vector<Shape> SplitOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t SplitOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void SplitOp::gradient(GradientContext& context) const {
    std::vector<ValueId> pieces;
    for (std::size_t i = 0; i < sizes.size(); ++i)
        pieces.push_back(context.gradient(i));
    context.give(0, context.add(ConcatOp{axis}, std::move(pieces)));
}

} // namespace gradwright
