// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/pooling.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"
#include "engine/ops/windows.h"

#include <algorithm>
#include <array>

namespace gradwright {

using namespace checks;

std::string_view PoolOp::name() const {
    return kind == PoolKind::Max ? "max-pool" : "average-pool";
}
Types PoolOp::outputs(InputTypes inputs) const {
    constexpr auto op = "pool";
    require(inputs.size() == 1, op, "takes one value", inputs);
    // A maximum of integers is one of them.
    const auto element = inputs[0].element;
    const bool isInteger = kind == PoolKind::Max && (element == DType::U8 || element == DType::I8);
    const std::array real{ValueType::of(inputs[0].dims, isInteger ? DType::F32 : element)};
    const auto in = requireChannels(op, real);
    const auto axes = in.rank() - 1;
    // Else a window could lie in the padding alone, where there is no mean and no maximum.
    for (std::size_t axis = 0; axis < axes; ++axis)
        require(
            std::max(padding.before(axis), padding.after(axis)) < kernel[axis], op,
            fmt::format("the padding must be smaller than the kernel {}",
                        toString(Shape(std::vector<std::int64_t>(
                            kernel.begin(), kernel.begin() + static_cast<std::ptrdiff_t>(axes))))),
            inputs);
    return {ValueType(windowShape(op, real, in[0], kernel, stride, padding, {}),
                      isInteger ? element : DType::F32)};
}
std::vector<Shape> PoolOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t PoolOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view GlobalAveragePoolOp::name() const {
    return "global-average-pool";
}
Types GlobalAveragePoolOp::outputs(InputTypes inputs) const {
    return {Shape{requireChannels(name(), inputs)[0]}};
}
std::vector<Shape> GlobalAveragePoolOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t GlobalAveragePoolOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

void PoolOp::gradient(GradientContext& context) const {
    // The maximum may be found again in the input.
    context.giveFused({.inputs = kind == PoolKind::Max, .outputs = kind == PoolKind::Max});
}

void GlobalAveragePoolOp::gradient(GradientContext& context) const {
    context.giveFused({});
}

} // namespace gradwright
