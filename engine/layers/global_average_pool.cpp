// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/global_pool.h"

namespace gradwright::layers {
namespace {

Inferred inferGlobalAveragePool(const InferContext& context) {
    return inferGlobalPool("Global average pool", context.inputs[0]);
}

ValueId lowerGlobalAveragePool(LowerContext& context) {
    auto x = context.inputs()[0];
    if (context.inputShape().rank() == 2)
        x = context.op(PermuteOp::ofSample({1, 0}), {x});
    return context.op(GlobalAveragePoolOp{}, {x});
}

PyTorchCode pytorchGlobalAveragePool(const CodeContext& context) {
    return {"", fmt::format("{}.mean(dim={})", context.input(), torchPositions(context.shape()))};
}

std::string kerasGlobalAveragePool(const CodeContext& context) {
    return code::kerasLayer(fmt::format("GlobalAveragePooling{}D", context.shape().rank() - 1),
                            context);
}

} // namespace

LayerDef globalAveragePool() {
    return {.key = "global-average-pool",
            .title = "Global average pool",
            .category = Category::Pooling,
            .doc = "The mean of every channel over the whole image (of every feature over all "
                   "steps): a vector with one number per channel, in place of a large dense layer.",
            .formula = "y[c] = mean over i, j of x[c, i, j]",
            .source = "Lin, Chen, Yan: Network in network, 2013",
            .infer = inferGlobalAveragePool,
            .lower = lowerGlobalAveragePool,
            .pytorch = pytorchGlobalAveragePool,
            .keras = kerasGlobalAveragePool};
}

} // namespace gradwright::layers
