// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/fused_product.h"

#include "engine/ops/checks.h"

namespace gradwright {

std::string_view FusedProductOp::name() const {
    return std::holds_alternative<ConvOp>(product) ? "fused-conv" : "fused-dense";
}
Types FusedProductOp::outputs(InputTypes inputs) const {
    checks::requireInputs(adds ? 2 : 1, name(), inputs);
    auto made = std::visit([&](const auto& op) { return op.outputs(inputs.first(1)); }, product);
    if (adds)
        checks::require(inputs[1] == made[0], name(), "adds a value of its result's shape", inputs);
    return made;
}
std::vector<Shape> FusedProductOp::weights(InputTypes inputs) const {
    return std::visit([&](const auto& op) { return op.weights(inputs.first(1)); }, product);
}
std::int64_t FusedProductOp::macs(InputTypes inputs) const {
    return std::visit([&](const auto& op) { return op.macs(inputs.first(1)); }, product);
}
void FusedProductOp::gradient(GradientContext& /*context*/) const {
    throw Error("products are fused for inference: a fused one has no gradient");
}

} // namespace gradwright
