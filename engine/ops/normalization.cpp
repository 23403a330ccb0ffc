// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/normalization.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"

namespace gradwright {

using namespace checks;

namespace {

/// One per element: the multiplication by the scale.
std::int64_t elementsOf(InputTypes inputs) {
    return inputs[0].sample().elements();
}

Types sampleAsInput(std::string_view op, InputTypes inputs) {
    require(requireSample(op, inputs).rank() >= 1, op, "takes a vector or an image", inputs);
    return {inputs[0]};
}

} // namespace

std::string_view BatchNormOp::name() const {
    return "batch-norm";
}
Types BatchNormOp::outputs(InputTypes inputs) const {
    return sampleAsInput(name(), inputs);
}
std::vector<Shape> BatchNormOp::weights(InputTypes inputs) const {
    return std::vector<Shape>(4, Shape{inputs[0].sample()[0]});
}
std::int64_t BatchNormOp::macs(InputTypes inputs) const {
    return elementsOf(inputs);
}

std::string_view NormalizeOp::name() const {
    return "normalize";
}
Types NormalizeOp::outputs(InputTypes inputs) const {
    auto types = sampleAsInput(name(), inputs);
    const auto shape = types[0].sample();
    require(axis >= 1 && axis <= static_cast<std::int64_t>(shape.rank()), name(),
            fmt::format("axis {} must exist", axis), inputs);
    require(groups >= 1 && (groups == 1 || axis == 1) && shape[0] % groups == 0, name(),
            fmt::format("{} groups must divide the channels", groups), inputs);
    require(axis == 1 || !perChannel, name(),
            "weights per channel need statistics over the channels", inputs);
    require(groups == 1 || perChannel || (!scale && !shift), name(),
            "groups have weights per channel", inputs);
    return types;
}
std::vector<Shape> NormalizeOp::weights(InputTypes inputs) const {
    const auto in = inputs[0].sample();
    const Shape shape = perChannel
                            ? Shape{in[0]}
                            : Shape(std::vector<std::int64_t>(
                                  in.begin() + static_cast<std::ptrdiff_t>(axis - 1), in.end()));
    return std::vector<Shape>((scale ? 1U : 0U) + (shift ? 1U : 0U), shape);
}
std::int64_t NormalizeOp::macs(InputTypes inputs) const {
    return elementsOf(inputs);
}

std::string_view LocalResponseNormOp::name() const {
    return "local-response-norm";
}
Types LocalResponseNormOp::outputs(InputTypes inputs) const {
    requirePositive({size}, name(), "spans 1 channel or more", inputs);
    return sampleAsInput(name(), inputs);
}
std::vector<Shape> LocalResponseNormOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t LocalResponseNormOp::macs(InputTypes inputs) const {
    return product({elementsOf(inputs), size});
}

void BatchNormOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true});
}

void NormalizeOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true});
}

void LocalResponseNormOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true});
}

} // namespace gradwright
