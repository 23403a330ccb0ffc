// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/gather.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"

namespace gradwright {

using namespace checks;

std::string_view GatherOp::name() const {
    return "gather";
}
Types GatherOp::outputs(InputTypes inputs) const {
    requireInputs(2, name(), inputs);
    require(inputs[1].element == DType::I32 || inputs[1].element == DType::I64, name(),
            "takes whole numbers as indices", inputs);
    const auto& data = inputs[0].dims;
    const auto along = static_cast<std::ptrdiff_t>(requireAxis(axis, data.rank(), name(), inputs));
    std::vector<Dim> dims(data.begin(), data.begin() + along);
    dims.insert(dims.end(), inputs[1].dims.begin(), inputs[1].dims.end());
    dims.insert(dims.end(), data.begin() + along + 1, data.end());
    return {ValueType::of(Dims(std::move(dims)), inputs[0].element)};
}
std::vector<Shape> GatherOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t GatherOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void GatherOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true}, 1);
}

} // namespace gradwright
