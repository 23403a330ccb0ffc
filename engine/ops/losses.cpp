// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/losses.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"

#include <array>

namespace gradwright {

using namespace checks;

namespace {

const ValueType& perSampleLoss() {
    static const ValueType type(Shape{1});
    return type;
}

/// A prediction and a target of one shape.
Types comparison(std::string_view op, InputTypes inputs) {
    requireInputs(2, op, inputs);
    requireReal(op, inputs);
    require(inputs[0].isPerSample() && inputs[0].dims == inputs[1].dims, op,
            "takes a prediction and a target of one shape", inputs);
    return {perSampleLoss()};
}

/// One class index for each sample, or for each of `steps`.
bool isClassIndex(const ValueType& type, std::int64_t steps = 1) {
    return type == ValueType(Shape{steps}, DType::I32);
}

} // namespace

std::string_view OneHotOp::name() const {
    return "one-hot";
}
Types OneHotOp::outputs(InputTypes inputs) const {
    requireInputs(1, name(), inputs);
    requirePositive({classes}, name(), "has 1 class or more", inputs);
    require(isClassIndex(inputs[0]), name(), "takes one class index", inputs);
    return {Shape{classes}};
}
std::vector<Shape> OneHotOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t OneHotOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view SoftmaxCrossEntropyOp::name() const {
    return "softmax-cross-entropy";
}
Types SoftmaxCrossEntropyOp::outputs(InputTypes inputs) const {
    requireInputs(2, name(), inputs);
    constexpr auto rule = "takes a vector of logits and a class index or as many probabilities, or "
                          "a sequence of both";
    require(inputs[0].isReal() && inputs[0].isPerSample(), name(), rule, inputs);
    const auto logits = inputs[0].sample();
    const bool sequence = logits.rank() == 2;
    const auto steps = sequence ? logits[0] : 1;
    require((logits.rank() == 1 || sequence) &&
                (isClassIndex(inputs[1], steps) ||
                 (inputs[1].isReal() && inputs[1].dims == inputs[0].dims)),
            name(), rule, inputs);
    const auto count = static_cast<std::int64_t>(classWeights.size());
    require(count == 0 || count == logits.dims().back(), name(),
            fmt::format("has {} class weights and needs one per class", count), inputs);
    return {perSampleLoss()};
}
std::vector<Shape> SoftmaxCrossEntropyOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t SoftmaxCrossEntropyOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view MeanSquaredErrorOp::name() const {
    return "mean-squared-error";
}
Types MeanSquaredErrorOp::outputs(InputTypes inputs) const {
    return comparison(name(), inputs);
}
std::vector<Shape> MeanSquaredErrorOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t MeanSquaredErrorOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view ElementLossOp::name() const {
    constexpr std::array names = {"absolute-error", "huber", "binary-cross-entropy",
                                  "kullback-leibler", "perceptron-criterion"};
    return names[static_cast<std::size_t>(kind)];
}
Types ElementLossOp::outputs(InputTypes inputs) const {
    return comparison("loss", inputs);
}
std::vector<Shape> ElementLossOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t ElementLossOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view HingeLossOp::name() const {
    return "hinge";
}
Types HingeLossOp::outputs(InputTypes inputs) const {
    requireInputs(2, name(), inputs);
    require(inputs[0].isReal() && inputs[0].isPerSample() && inputs[0].dims.rank() == 2 &&
                isClassIndex(inputs[1]),
            name(), "takes a vector of scores and a class index", inputs);
    return {perSampleLoss()};
}
std::vector<Shape> HingeLossOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t HingeLossOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view CosineLossOp::name() const {
    return "cosine";
}
Types CosineLossOp::outputs(InputTypes inputs) const {
    return comparison("cosine loss", inputs);
}
std::vector<Shape> CosineLossOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t CosineLossOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

void SoftmaxCrossEntropyOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true}, 1);
}

void MeanSquaredErrorOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true});
}

void ElementLossOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true}, 1);
}

void HingeLossOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true}, 1);
}

void CosineLossOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true}, 1);
}

void OneHotOp::gradient(GradientContext& /*context*/) const {}

} // namespace gradwright
