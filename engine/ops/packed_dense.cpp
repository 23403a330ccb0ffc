// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/packed_dense.h"

#include "engine/ops/checks.h"
#include "engine/ops/dense.h"

#include <algorithm>
#include <cmath>

namespace gradwright {

using namespace checks;

std::string_view PackedDenseOp::name() const {
    return "int4-dense";
}
Types PackedDenseOp::outputs(InputTypes inputs) const {
    requireInputs(adds ? 2 : 1, name(), inputs);
    const auto made = DenseOp{units, bias}.outputs(inputs.first(1));
    requirePositive({features, group}, name(), "has 1 feature or more, and groups of 1 or more",
                    inputs);
    require(inputs[0].sample().dims().back() == features, name(),
            fmt::format("takes {} features", features), inputs);
    require(static_cast<std::int64_t>(scales.size()) == units * groups(), name(),
            fmt::format("takes {} scales, one for each {} features of a unit, not {}",
                        units * groups(), group, scales.size()),
            inputs);
    require(std::ranges::all_of(scales, [](float s) { return std::isfinite(s) && s > 0; }), name(),
            "takes scales above 0", inputs);
    if (adds)
        require(inputs[1] == made[0], name(), "adds a value of its result's shape", inputs);
    return made;
}
std::vector<Shape> PackedDenseOp::weights(InputTypes /*inputs*/) const {
    std::vector<Shape> shapes{{units, rowBytes()}};
    if (bias)
        shapes.push_back({units});
    return shapes;
}
std::int64_t PackedDenseOp::macs(InputTypes inputs) const {
    return DenseOp{units, bias}.macs(inputs.first(1));
}
void PackedDenseOp::gradient(GradientContext& /*context*/) const {
    throw Error("a network is quantized for inference: its integers have no gradient");
}

} // namespace gradwright
