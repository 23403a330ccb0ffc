// SPDX-License-Identifier: GPL-3.0-or-later
//
// Constants, and what nodes that read constants have in common.
#include "engine/exchange/fold_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

FoldedValue foldedTensor(const OnnxNode& node, const OnnxTensor& tensor) {
    if (!tensor.values)
        throw Error("{}: {}", node.title(), tensor.problem);
    return {tensor.values};
}

FoldedValue realsOf(const std::vector<double>& values, Shape shape) {
    const std::vector<float> rounded(values.begin(), values.end());
    return {std::make_shared<const Tensor>(Tensor::of<float>(std::move(shape), rounded))};
}

FoldedValue constantOf(const OnnxNode& node) {
    const auto found = node.attributes.find("value");
    if (found != node.attributes.end())
        if (const auto* tensor = std::get_if<OnnxTensor>(&found->second))
            return foldedTensor(node, *tensor);
    if (node.has("value_int"))
        return foldedIntegers({node.integer("value_int", 0)}, {});
    if (node.has("value_float"))
        return realsOf({node.real("value_float", 0)}, {});
    if (node.has("value_ints")) {
        auto values = node.integers("value_ints");
        const auto count = static_cast<std::int64_t>(values.size());
        return foldedIntegers(std::move(values), {count});
    }
    if (node.has("value_floats")) {
        const auto values = node.reals("value_floats");
        return realsOf(values, {static_cast<std::int64_t>(values.size())});
    }
    throw Error("its value is of a kind that is not read");
}

FoldedValue filled(const OnnxNode& node, const FoldedValue& lengths, FoldBudget& budget) {
    const auto shape = shapeOnce(lengths);
    budget.take(shape.elements());
    Tensor one = Tensor::of<float>({1}, std::vector<float>{0});
    const auto found = node.attributes.find("value");
    if (found != node.attributes.end())
        if (const auto* tensor = std::get_if<OnnxTensor>(&found->second))
            one = *foldedTensor(node, *tensor).tensor;
    if (one.elements() != 1)
        throw Error("its value must be one number");
    Tensor made(one.dtype(), shape);
    const auto size = sizeOf(one.dtype());
    const auto from = one.bytes();
    const auto to = made.bytes();
    for (std::size_t at = 0; at < to.size(); at += size)
        std::copy_n(from.begin(), size, to.begin() + static_cast<std::ptrdiff_t>(at));
    return {std::make_shared<const Tensor>(std::move(made)), {}, lengths.dependsOnBatch()};
}

/// Whether the node leaves the values of a constant alone that lies along the batch.
bool keepsPerBatch(const OnnxNode& node) {
    constexpr std::array<std::string_view, 8> ops = {"Identity", "Cast",          "Transpose",
                                                     "Squeeze",  "Unsqueeze",     "Slice",
                                                     "Gather",   "GatherElements"};
    return std::ranges::find(ops, std::string_view(node.op)) != ops.end();
}

} // namespace

bool FoldedValue::dependsOnBatch() const {
    return std::ranges::find(perSample, true) != perSample.end();
}

std::vector<double> FoldedValue::numbers() const {
    if (dependsOnBatch())
        throw Error("it depends on the number of samples");
    if (tensor->dtype() == DType::F32 && tensor->elements() == 1)
        return {shortest(tensor->span<float>()[0])};
    const auto values = tensor->to(DType::F64);
    const auto span = values.span<double>();
    return {span.begin(), span.end()};
}

std::vector<std::int64_t> FoldedValue::integers() const {
    if (dependsOnBatch())
        throw Error("it depends on the number of samples");
    const auto values = tensor->to(DType::I64);
    const auto span = values.span<std::int64_t>();
    return {span.begin(), span.end()};
}

void FoldBudget::take(std::int64_t wanted) {
    if (wanted > elements)
        throw Error("the constants that are computed would take too much memory");
    elements -= wanted;
}

Shape shapeOnce(const FoldedValue& lengths) {
    const auto values = lengths.tensor->to(DType::I64);
    const auto span = values.span<std::int64_t>();
    for (std::size_t i = 0; i < span.size(); ++i)
        if (lengths.isPerSample(i) && span[i] != 1)
            throw Error("one of its axes is {} times the number of samples", span[i]);
    return Shape({span.begin(), span.end()});
}

FoldedValue foldedIntegers(std::vector<std::int64_t> values, Shape shape) {
    return {std::make_shared<const Tensor>(
        Tensor::of<std::int64_t>(std::move(shape), std::span<const std::int64_t>(values)))};
}

std::size_t axisOf(std::int64_t axis, std::size_t rank) {
    const auto count = static_cast<std::int64_t>(rank);
    if (axis < -count || axis >= count)
        throw Error("axis {} does not exist among {}", axis, rank);
    return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

std::optional<std::vector<std::int64_t>> axesOfNode(const OnnxNode& node, const FoldedValue* input,
                                                    std::size_t rank) {
    if (!input && !node.has("axes"))
        return {};
    auto axes = input ? input->integers() : node.integers("axes");
    for (auto& axis : axes)
        axis = static_cast<std::int64_t>(axisOf(axis, rank));
    return axes;
}

std::vector<SliceRange> slicesOf(const OnnxNode& node, std::int64_t opset,
                                 std::span<const FoldedValue* const> inputs,
                                 std::span<const std::int64_t> dims) {
    const auto input = [&](std::size_t index) {
        return index < inputs.size() ? inputs[index] : nullptr;
    };
    const bool byInputs = opset >= 10;
    if (byInputs && (!input(1) || !input(2)))
        throw Error("its bounds are not constant");
    const auto starts = byInputs ? input(1)->integers() : node.integers("starts");
    const auto ends = byInputs ? input(2)->integers() : node.integers("ends");
    std::vector<std::int64_t> axes;
    if (const auto given = axesOfNode(node, byInputs ? input(3) : nullptr, dims.size()))
        axes = *given;
    else
        for (std::size_t axis = 0; axis < starts.size(); ++axis)
            axes.push_back(
                static_cast<std::int64_t>(axisOf(static_cast<std::int64_t>(axis), dims.size())));
    const auto steps =
        byInputs && input(4) ? input(4)->integers() : std::vector<std::int64_t>(starts.size(), 1);
    if (ends.size() != starts.size() || axes.size() != starts.size() ||
        steps.size() != starts.size())
        throw Error("its bounds, axes and steps differ in number");
    std::vector<SliceRange> ranges;
    for (std::size_t i = 0; i < starts.size(); ++i) {
        const auto axis = static_cast<std::size_t>(axes[i]);
        const auto length = dims[axis];
        const auto step = steps[i];
        if (step == 0 || step == std::numeric_limits<std::int64_t>::min())
            throw Error("a step must not be {}", step);
        const auto bounded = [&](std::int64_t at) {
            // The place before the first element is where a way back ends.
            if (at < 0)
                at = at < -length ? -1 : at + length;
            else
                at = std::min(at, length);
            return step > 0 ? std::max<std::int64_t>(at, 0) : std::min(at, length - 1);
        };
        const auto begin = bounded(starts[i]);
        const auto end = bounded(ends[i]);
        const auto span = step > 0 ? end - begin : begin - end;
        const auto stride = step > 0 ? step : -step;
        ranges.push_back({axis, begin, step, span > 0 ? (span - 1) / stride + 1 : 0});
    }
    return ranges;
}

std::optional<std::vector<FoldedValue>> foldNode(const OnnxNode& node, std::int64_t opset,
                                                 std::span<const FoldedValue* const> inputs,
                                                 FoldBudget& budget) {
    if (!node.domain.empty())
        return {};
    if (node.op == "Constant")
        return std::vector{constantOf(node)};
    if (inputs.empty() || !inputs[0])
        return {};
    const bool isPerBatch = std::ranges::any_of(
        inputs, [](const FoldedValue* input) { return input && input->isPerBatch; });
    if (isPerBatch && !keepsPerBatch(node))
        throw Error("it computes with a constant of as many rows as there are samples");
    if (node.op == "Identity")
        return std::vector{*inputs[0]};
    if (node.op == "ConstantOfShape")
        return std::vector{filled(node, *inputs[0], budget)};
    auto made = foldMovement(node, opset, inputs, budget);
    if (!made)
        made = foldArithmetic(node, inputs, budget);
    if (!made)
        made = foldFunction(node, inputs, budget);
    if (!made)
        made = foldDequantization(node, inputs, budget);
    for (std::size_t i = 0; made && i < made->size(); ++i)
        (*made)[i].isPerBatch |= isPerBatch;
    return made;
}

} // namespace gradwright
