// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/quantization/pack_dense.h"

#include "engine/passes/quantization/quantize.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace gradwright {
namespace {

/// The op as a dense layer with what follows it, or nothing.
std::optional<PackedDenseOp> denseIn(const Op& op) {
    if (const auto* dense = std::get_if<DenseOp>(&op.attributes))
        return PackedDenseOp{.units = dense->units, .bias = dense->bias, .parts = {op.path}};
    const auto* fused = std::get_if<FusedProductOp>(&op.attributes);
    const auto* dense = fused ? std::get_if<DenseOp>(&fused->product) : nullptr;
    if (!dense)
        return {};
    return PackedDenseOp{.units = dense->units,
                         .bias = dense->bias,
                         .adds = fused->adds,
                         .activation = fused->activation,
                         .parts = fused->parts};
}

} // namespace

PackedKernel packKernel(const Tensor& kernel, std::int64_t group) {
    const auto units = static_cast<std::size_t>(kernel.shape()[0]);
    const auto features = static_cast<std::size_t>(kernel.shape()[1]);
    const auto run = static_cast<std::size_t>(group);
    const auto numbers = numbersOf(kernel);
    const auto rowBytes = (features + 1) / 2;
    PackedKernel made{
        Tensor(DType::F32, {static_cast<std::int64_t>(units), static_cast<std::int64_t>(rowBytes)}),
        {}};
    const auto bytes = made.bytes.span<float>();
    std::vector<int> row(2 * rowBytes);
    for (std::size_t unit = 0; unit < units; ++unit) {
        for (std::size_t first = 0; first < features; first += run) {
            const auto end = std::min(first + run, features);
            double largest = 0;
            for (auto f = first; f < end; ++f)
                largest = std::max(largest, std::abs(numbers[unit * features + f]));
            const auto scale = std::max(static_cast<float>(largest / kMostPackedInteger),
                                        std::numeric_limits<float>::min());
            made.scales.push_back(scale);
            for (auto f = first; f < end; ++f) {
                const double integer = std::nearbyint(numbers[unit * features + f] / double{scale});
                row[f] =
                    static_cast<int>(std::clamp(integer, -kMostPackedInteger, kMostPackedInteger));
            }
        }
        for (std::size_t i = 0; i < rowBytes; ++i)
            bytes[unit * rowBytes + i] =
                static_cast<float>(row[2 * i + 1] * 16 + (row[2 * i] & 15));
    }
    return made;
}

std::vector<std::string> packDense(InferenceModel& model, std::int64_t group,
                                   const std::set<std::string>& keep) {
    if (group < 1)
        throw Error("a group of weights that share a scale has 1 or more, not {}", group);
    std::vector<std::string> packed;
    for (const auto& product : quantizableProducts(model.graph)) {
        const auto op = model.graph.ops()[product.place];
        auto made = denseIn(op);
        if (!made || keep.contains(product.name))
            continue;
        const auto& kernel = model.of(op.weights[0]);
        made->features = kernel.shape()[1];
        made->group = std::min(group, made->features);
        auto integers = packKernel(kernel, made->group);
        made->scales = std::move(integers.scales);
        std::vector<WeightId> weights{model.add(product.name + "/int4", std::move(integers.bytes))};
        weights.insert(weights.end(), op.weights.begin() + 1, op.weights.end());
        model.graph.replace(product.place, *std::move(made), op.inputs, weights);
        packed.push_back(product.name);
    }
    model.dropUnused();
    return packed;
}

} // namespace gradwright
