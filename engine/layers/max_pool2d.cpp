// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {
namespace {

ValueId lower(LowerContext& context) {
    return context.op(poolingOp(context, PoolKind::Max));
}

std::string label(const Params& params) {
    const auto& kernel = params.tuple("kernel");
    return fmt::format("MaxPool {}×{}", kernel[0], kernel[1]);
}

PyTorchCode pytorch(const CodeContext& context) {
    const auto window = poolingWindow(context);
    const auto& padding = window.padding;
    if (!torchPads(window))
        return {"", torchPool("F.max_pool2d", window,
                              code::torchPadded(padding, context.input(), "float(\"-inf\")"))};
    return {"", torchPool("F.max_pool2d", window, context.input(),
                          {code::keyword("padding", code::pair({padding.top, padding.left}),
                                         padding != Padding2d{})})};
}

std::string keras(const CodeContext& context) {
    constexpr auto layer = "layers.MaxPooling2D";
    if (context.params().text("padding") == "same")
        return kerasPool(layer, context, context.input(), "same");
    return kerasPool(
        layer, context,
        code::kerasPadded(poolingWindow(context).padding, context.input(), "float(\"-inf\")"));
}

} // namespace

LayerDef maxPool2d() {
    auto def =
        pooling2d("max-pool2d", "Max pool",
                  "Keeps the largest value of each window: a smaller image that says whether "
                  "a feature is near, not exactly where.");
    def.formula = "y[c, i, j] = max over u, v of x[c, i·s + u, j·s + v]";
    def.lower = lower;
    def.pytorch = pytorch;
    def.keras = keras;
    def.label = label;
    return def;
}

} // namespace gradwright::layers
