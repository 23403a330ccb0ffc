// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/fake_quantize.h"

#include "engine/ops/checks.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/gradient.h"
#include "engine/ops/integers.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {

using namespace checks;

std::string_view FakeQuantizeOp::name() const {
    return "fake-quantize";
}
Types FakeQuantizeOp::outputs(InputTypes inputs) const {
    requireInputs(3, name(), inputs);
    require(to == DType::U8 || to == DType::I8, name(),
            fmt::format("rounds to U8 and I8, not {}", nameOf(to)), inputs);
    require(inputs[0].isReal(), name(),
            fmt::format("takes real numbers, not {}", nameOf(inputs[0].element)), inputs);
    for (const auto& parameter : inputs.subspan(1))
        require(parameter.isReal() && parameter.dims.product() == Dim(1), name(),
                "takes one scale and one zero point", inputs);
    return {inputs[0]};
}
std::vector<Shape> FakeQuantizeOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t FakeQuantizeOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void FakeQuantizeOp::gradient(GradientContext& context) const {
    if (!context.wants(0))
        return;
    const auto [least, most] = rangeOf(to);
    const auto steps =
        context.add(BinaryOp{BinaryKind::Divide}, {context.input(0), context.input(1)});
    const auto rounded = context.add(UnaryOp{UnaryKind::Round}, {steps});
    const auto integers = context.add(BinaryOp{BinaryKind::Add}, {rounded, context.input(2)});
    const auto isWithin = context.add(UnaryOp{UnaryKind::Inside, 1, 0, least, most}, {integers});
    context.give(0, context.add(BinaryOp{BinaryKind::Multiply}, {context.gradient(), isWithin}));
}

template <class T>
void roundWeights(const WeightRounding& how, std::size_t rows, std::span<const T> values,
                  std::span<T> rounded) {
    const auto length = values.size() / std::max<std::size_t>(rows, 1);
    const auto run = how.group > 0 ? static_cast<std::size_t>(how.group) : length;
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t first = 0; first < length; first += run) {
            const auto begin = row * length + first;
            const auto end = row * length + std::min(first + run, length);
            double largest = 0;
            for (auto i = begin; i < end; ++i)
                largest = std::max(largest, std::abs(static_cast<double>(values[i])));
            const double scale =
                std::max(static_cast<float>(largest / how.most), std::numeric_limits<float>::min());
            for (auto i = begin; i < end; ++i) {
                const double integer = std::nearbyint(static_cast<double>(values[i]) / scale);
                rounded[i] = static_cast<T>(std::clamp(integer, -how.most, how.most) * scale);
            }
        }
}
template void roundWeights(const WeightRounding&, std::size_t, std::span<const float>,
                           std::span<float>);
template void roundWeights(const WeightRounding&, std::size_t, std::span<const double>,
                           std::span<double>);

} // namespace gradwright
