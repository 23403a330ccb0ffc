// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/quantized_pool.h"

#include "engine/ops/checks.h"
#include "engine/ops/integers.h"

#include <algorithm>
#include <cmath>

namespace gradwright {

using namespace checks;

std::string_view QuantizedPoolOp::name() const {
    return global ? "int8-global-average-pool" : "int8-average-pool";
}
Types QuantizedPoolOp::outputs(InputTypes inputs) const {
    requireInputs(1, name(), inputs);
    require(global || pool.kind == PoolKind::Average, name(), "takes means, not maxima", inputs);
    require(inputs[0].element == x.type, name(),
            fmt::format("takes integers of type {}", nameOf(x.type)), inputs);
    for (const auto& how : {x, result}) {
        require(how.type == DType::U8 || how.type == DType::I8, name(),
                fmt::format("works on U8 and I8, not {}", nameOf(how.type)), inputs);
        require(std::isfinite(how.scale) && how.scale > 0, name(), "takes scales above 0", inputs);
        const auto [least, most] = rangeOf(how.type);
        require(how.zero >= least && how.zero <= most, name(),
                "takes zero points in the type's range", inputs);
    }
    // As the pools see it, which are defined for real numbers.
    Types real(inputs.begin(), inputs.end());
    real[0].element = DType::F32;
    auto made = global ? GlobalAveragePoolOp{}.outputs(real) : pool.outputs(real);
    made[0].element = result.type;
    return made;
}
std::vector<Shape> QuantizedPoolOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t QuantizedPoolOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void QuantizedPoolOp::gradient(GradientContext& /*context*/) const {
    throw Error("a network is quantized for inference: its integers have no gradient");
}

PoolOp QuantizedPoolOp::window(const Shape& sample) const {
    if (!global)
        return pool;
    PoolOp whole{.kind = PoolKind::Average, .kernel = {}, .stride = {}};
    for (std::size_t axis = 1; axis < sample.rank(); ++axis)
        whole.kernel[axis - 1] = whole.stride[axis - 1] = sample[axis];
    return whole;
}

MeanFinisher::MeanFinisher(const QuantizedPoolOp& op)
    : ratio_(double{op.x.scale} / double{op.result.scale})
    , zero_(static_cast<float>(op.result.zero)) {
    const auto [least, most] = rangeOf(op.result.type);
    least_ = static_cast<float>(least);
    most_ = static_cast<float>(most);
}

float MeanFinisher::multiplier(std::int64_t count) const {
    return static_cast<float>(ratio_ / static_cast<double>(count));
}

float MeanFinisher::operator()(std::int64_t sum, float multiplier) const {
    const auto y = std::fma(static_cast<float>(sum), multiplier, zero_);
    return std::clamp(std::nearbyint(y), least_, most_);
}

} // namespace gradwright
