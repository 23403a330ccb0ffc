// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/window.h"

namespace gradwright::layers {
namespace {

Inferred inferAdaptiveAveragePool(const InferContext& context) {
    const auto& image = context.inputs[0];
    if (auto problem = requireAxes("Adaptive average pool", image, 2))
        return *std::move(problem);
    const auto& size = context.params.tuple("size");
    return Shape{image[0], size[0], size[1]};
}

/// Windows of one size are those of an ordinary pooling.
ValueId lowerAdaptiveAveragePool(LowerContext& context) {
    const auto& image = context.inputShape();
    const auto& size = context.params().tuple("size");
    if (image[1] % size[0] == 0 && image[2] % size[1] == 0) {
        const Extents window{image[1] / size[0], image[2] / size[1]};
        return context.op(PoolOp{PoolKind::Average, window, window, {}, false});
    }
    return context.op(
        ResampleOp::ofSample({{}, {AxisMap::Kind::Mean, size[0]}, {AxisMap::Kind::Mean, size[1]}}));
}

std::string labelAdaptiveAveragePool(const Params& params) {
    const auto& size = params.tuple("size");
    return fmt::format("AdaptiveAvgPool {}×{}", size[0], size[1]);
}

PyTorchCode pytorchAdaptiveAveragePool(const CodeContext& context) {
    const auto& size = context.params().tuple("size");
    return {"", code::call("F.adaptive_avg_pool2d",
                           {context.input(), fmt::format("({}, {})", size[0], size[1])})};
}

std::string kerasAdaptiveAveragePool(const CodeContext& context) {
    const auto& size = context.params().tuple("size");
    return code::kerasLayer("AdaptiveAveragePooling2D", context,
                            {fmt::format("({}, {})", size[0], size[1])});
}

} // namespace

LayerDef adaptiveAveragePool() {
    return {.key = "adaptive-average-pool",
            .title = "Adaptive average pool",
            .category = Category::Pooling,
            .doc = "Means over as many windows as it takes for an output of the given size, "
                   "whatever the input's: lets one network take images of any size.",
            .formula = "y[c, i, j] = mean of x[c, floor(i·H/h) … ceil((i + 1)·H/h), likewise "
                       "for columns]",
            .source = "He, Zhang, Ren, Sun: Spatial pyramid pooling, 2014",
            .params = {tupleParam("size", "Size", {1, 1}, 2, 2, 1, 4096,
                                  "Rows × columns of the output.")},
            .infer = inferAdaptiveAveragePool,
            .lower = lowerAdaptiveAveragePool,
            .pytorch = pytorchAdaptiveAveragePool,
            .keras = kerasAdaptiveAveragePool,
            .label = labelAdaptiveAveragePool};
}

} // namespace gradwright::layers
