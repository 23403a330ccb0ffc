// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/global_pool.h"

namespace gradwright::layers {
namespace {

Inferred inferGlobalMaxPool(const InferContext& context) {
    return inferGlobalPool("Global max pool", context.inputs[0]);
}

ValueId lowerGlobalMaxPool(LowerContext& context) {
    auto x = context.inputs()[0];
    if (context.inputShape().rank() == 2)
        x = context.op(PermuteOp::ofSample({1, 0}), {x});
    const auto positions = positionsOf(context.inputShape());
    const PoolOp op{PoolKind::Max, Extents(std::span(positions.dims())), {}, {}, false};
    return context.op(ReshapeOp::ofSample(Shape{channelsOf(context.inputShape())}),
                      {context.op(op, {x})});
}

PyTorchCode pytorchGlobalMaxPool(const CodeContext& context) {
    return {"", fmt::format("{}.amax(dim={})", context.input(), torchPositions(context.shape()))};
}

std::string kerasGlobalMaxPool(const CodeContext& context) {
    return code::kerasLayer(fmt::format("GlobalMaxPooling{}D", context.shape().rank() - 1),
                            context);
}

} // namespace

LayerDef globalMaxPool() {
    return {.key = "global-max-pool",
            .title = "Global max pool",
            .category = Category::Pooling,
            .doc = "The largest value of every channel over the whole image (of every feature over "
                   "all steps): whether something was found anywhere.",
            .formula = "y[c] = max over i, j of x[c, i, j]",
            .source = "Oquab, Bottou, Laptev, Sivic: Is object localization for free?, 2015",
            .infer = inferGlobalMaxPool,
            .lower = lowerGlobalMaxPool,
            .pytorch = pytorchGlobalMaxPool,
            .keras = kerasGlobalMaxPool};
}

} // namespace gradwright::layers
