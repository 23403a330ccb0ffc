// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/combine.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"

#include <algorithm>
#include <array>

namespace gradwright {

using namespace checks;

Shape broadcastShape(std::span<const Shape> shapes) {
    Shape joint;
    for (const auto& shape : shapes)
        if (shape.rank() > joint.rank())
            joint = Shape(std::vector<std::int64_t>(shape.rank(), 1));
    for (const auto& shape : shapes)
        for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
            if (joint[axis] == 1)
                joint[axis] = shape[axis];
            else if (shape[axis] != 1 && shape[axis] != joint[axis]) {
                std::string received;
                for (const auto& each : shapes)
                    received += (received.empty() ? "" : ", ") + toString(each);
                throw Error("combine: shapes must agree where none of them is 1; received {}",
                            received);
            }
        }
    return joint;
}

std::string_view AddOp::name() const {
    return "add";
}
Types AddOp::outputs(InputTypes inputs) const {
    require(inputs.size() >= 2, name(), "takes two or more inputs", inputs);
    requireReal(name(), inputs);
    for (const auto& input : inputs)
        require(input.dims == inputs[0].dims, name(), "takes inputs of one shape", inputs);
    return {inputs[0]};
}
std::vector<Shape> AddOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t AddOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view CombineOp::name() const {
    constexpr std::array names = {"subtract", "multiply", "average", "maximum", "minimum"};
    return names[static_cast<std::size_t>(kind)];
}
Types CombineOp::outputs(InputTypes inputs) const {
    constexpr auto op = "combine";
    require(inputs.size() >= 2, op, "takes two or more inputs", inputs);
    require(kind != CombineKind::Subtract || inputs.size() == 2, op,
            "a difference takes two inputs", inputs);
    requireReal(op, inputs);
    std::vector<Shape> shapes;
    for (const auto& input : inputs) {
        require(input.isPerSample(), op, "takes batches of samples", inputs);
        shapes.push_back(input.sample());
    }
    return {broadcastShape(shapes)};
}
std::vector<Shape> CombineOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t CombineOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

void CombineOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true, .outputs = true});
}

void AddOp::gradient(GradientContext& context) const {
    for (std::size_t i = 0; i < context.inputs(); ++i)
        if (context.wants(i))
            context.give(i, context.gradient());
}

} // namespace gradwright
