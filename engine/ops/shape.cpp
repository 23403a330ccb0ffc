// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/shape.h"

#include "engine/ops/checks.h"

#include <algorithm>

namespace gradwright {

using namespace checks;

Dims ShapeOp::lengthsOf(const Dims& dims) const {
    const auto rank = static_cast<std::int64_t>(dims.rank());
    const auto place = [rank](std::int64_t axis) {
        return std::clamp<std::int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
    };
    const auto first = place(begin);
    const auto last = std::max(first, place(end));
    return Dims(std::vector<Dim>(dims.begin() + first, dims.begin() + last));
}
std::string_view ShapeOp::name() const {
    return "shape";
}
Types ShapeOp::outputs(InputTypes inputs) const {
    requireInputs(1, name(), inputs);
    const auto count = static_cast<std::int64_t>(lengthsOf(inputs[0].dims).rank());
    require(count >= 1, name(), "gives the length of one axis or more", inputs);
    return {ValueType::of({count}, DType::I64)};
}
std::vector<Shape> ShapeOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t ShapeOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void ShapeOp::gradient(GradientContext& /*context*/) const {}

} // namespace gradwright
