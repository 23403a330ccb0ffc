// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/gradient_op.h"

#include "engine/ops/checks.h"
#include "engine/ops/op.h"

namespace gradwright {

std::string_view GradientOp::name() const {
    return nameOf(forward->attributes);
}

Types GradientOp::outputs(InputTypes inputs) const {
    const auto made = inferTypes(forward->attributes, inputTypes);
    const auto expected =
        made.size() + (reads.inputs ? inputTypes.size() : 0) + (reads.outputs ? made.size() : 0);
    checks::requireInputs(expected, "gradient", inputs);
    for (std::size_t i = 0; i < made.size(); ++i)
        checks::require(inputs[i].dims == made[i].dims, "gradient",
                        "takes gradients of the op's outputs first", inputs);
    Types types;
    for (std::size_t i = 0; i < inputTypes.size(); ++i)
        if (ofInputs[i])
            types.push_back(ValueType::of(inputTypes[i].dims));
    const auto shapes = weightShapes(forward->attributes, inputTypes);
    for (std::size_t i = 0; i < shapes.size(); ++i)
        if (ofWeights[i])
            types.push_back(ValueType::of(Dims::of(shapes[i])));
    return types;
}

std::vector<Shape> GradientOp::weights(InputTypes /*inputs*/) const {
    return weightShapes(forward->attributes, inputTypes);
}

std::int64_t GradientOp::macs(InputTypes /*inputs*/) const {
    // One product as large as the op's for each factor.
    const auto factors = (std::ranges::count(ofInputs, true) > 0 ? 1 : 0) +
                         (std::ranges::count(ofWeights, true) > 0 ? 1 : 0);
    return factors * macsOf(forward->attributes, inputTypes);
}

void GradientOp::gradient(GradientContext& /*context*/) const {
    throw Error("the gradient of a gradient is not known ({})", name());
}

bool GradientOp::operator==(const GradientOp& other) const {
    return of == other.of && forward->attributes == other.forward->attributes &&
           inputTypes == other.inputTypes && reads == other.reads && ofInputs == other.ofInputs &&
           ofWeights == other.ofWeights;
}

std::string_view LossSeedOp::name() const {
    return "loss-seed";
}
Types LossSeedOp::outputs(InputTypes inputs) const {
    checks::requireInputs(0, name(), inputs);
    return {Shape{1}};
}
std::vector<Shape> LossSeedOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t LossSeedOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void LossSeedOp::gradient(GradientContext& /*context*/) const {}

} // namespace gradwright
