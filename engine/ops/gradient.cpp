// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/gradient.h"

#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {

GradientContext::GradientContext(OpGraph& graph, const Op& op,
                                 std::vector<std::optional<ValueId>> outputGradients,
                                 std::vector<bool> wantedInputs, std::vector<bool> wantedWeights)
    : graph_(graph)
    , op_(op)
    , outputGradients_(std::move(outputGradients))
    , wantedInputs_(std::move(wantedInputs))
    , wantedWeights_(std::move(wantedWeights))
    , inputs_(op_.inputs.size())
    , weights_(op_.weights.size()) {}

ValueId GradientContext::gradient(std::size_t output) {
    auto& gradient = outputGradients_[output];
    if (!gradient)
        gradient = add(FillOp{type(op_.outputs[output]).dims, 0}, {});
    return *gradient;
}

ValueId GradientContext::add(OpAttributes attributes, std::vector<ValueId> inputs) {
    return graph_.add(std::move(attributes), std::move(inputs), op_.path);
}

std::vector<ValueId> GradientContext::addAll(OpAttributes attributes, std::vector<ValueId> inputs) {
    return graph_.insert(graph_.ops().size(), std::move(attributes), std::move(inputs), op_.path);
}

ValueId GradientContext::number(double value) {
    Tensor scalar(DType::F64, {});
    scalar.span<double>()[0] = value;
    return graph_.addConstant(scalar.to(DType::F32), op_.path);
}

ValueId GradientContext::unbroadcast(ValueId gradient, ValueId input) {
    const auto from = type(gradient).dims;
    const auto to = type(input).dims;
    if (from == to)
        return gradient;
    const auto missing = from.rank() - to.rank();
    ReduceOp sum{ReduceKind::Sum, {}, true};
    for (std::size_t axis = 0; axis < from.rank(); ++axis)
        if (axis < missing || to[axis - missing] != from[axis])
            sum.axes.push_back(static_cast<std::int64_t>(axis));
    const auto reduced = add(std::move(sum), {gradient});
    return missing == 0 ? reduced : add(ReshapeOp{to}, {reduced});
}

void GradientContext::give(std::size_t input, ValueId gradient) {
    if (type(gradient).dims != type(op_.inputs[input]).dims)
        throw Error("the gradient of {} at {} is {}, and its input {}", nameOf(op_.attributes),
                    op_.path, toString(type(gradient).dims),
                    toString(type(op_.inputs[input]).dims));
    inputs_[input] = gradient;
}

void GradientContext::giveFused(GradientReads reads, std::size_t inputs) {
    auto ofInputs = wantedInputs_;
    for (auto i = inputs; i < ofInputs.size(); ++i)
        ofInputs[i] = false;
    if (std::ranges::count(ofInputs, true) + std::ranges::count(wantedWeights_, true) == 0)
        return;
    std::vector<ValueId> read;
    for (std::size_t i = 0; i < op_.outputs.size(); ++i)
        read.push_back(gradient(i));
    if (reads.inputs)
        read.insert(read.end(), op_.inputs.begin(), op_.inputs.end());
    if (reads.outputs)
        read.insert(read.end(), op_.outputs.begin(), op_.outputs.end());
    GradientOp fused{.of = op_.id,
                     .forward = std::make_shared<const ForwardOp>(ForwardOp{op_.attributes}),
                     .inputTypes = graph_.inputTypes(op_),
                     .reads = reads,
                     .ofInputs = ofInputs,
                     .ofWeights = wantedWeights_};
    const auto made = graph_.insert(graph_.ops().size(), std::move(fused), std::move(read),
                                    op_.path, op_.weights);
    auto next = made.begin();
    for (std::size_t i = 0; i < inputs_.size(); ++i)
        if (ofInputs[i])
            inputs_[i] = *next++;
    for (std::size_t i = 0; i < weights_.size(); ++i)
        if (wantedWeights_[i])
            weights_[i] = *next++;
}

} // namespace gradwright
