// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred infer(const InferContext& context) {
    const auto& image = context.inputs[0];
    if (auto problem = requireImage("Global average pool", image))
        return *std::move(problem);
    return Shape{image[0]};
}

ValueId lower(LowerContext& context) {
    return context.op(GlobalAveragePoolOp{});
}

PyTorchCode pytorch(const CodeContext& context) {
    return {"", fmt::format("{}.mean(dim=(2, 3))", context.input())};
}

std::string keras(const CodeContext& context) {
    return code::kerasLayer("GlobalAveragePooling2D", context);
}

} // namespace

LayerDef globalAveragePool() {
    return {.key = "global-average-pool",
            .title = "Global average pool",
            .category = Category::Pooling,
            .doc = "The mean of every channel over the whole image: a vector with one number a "
                   "channel, in place of a large dense layer.",
            .formula = "y[c] = mean over i, j of x[c, i, j]",
            .source = "Lin, Chen, Yan: Network in network, 2013",
            .infer = infer,
            .lower = lower,
            .pytorch = pytorch,
            .keras = keras};
}

} // namespace gradwright::layers
