// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {
namespace {

ValueId lower(LowerContext& context) {
    auto op = poolingOp(context, PoolKind::Average);
    op.countPadding = context.params().boolean("count_padding");
    return context.op(op);
}

std::string label(const Params& params) {
    const auto& kernel = params.tuple("kernel");
    return fmt::format("AvgPool {}×{}", kernel[0], kernel[1]);
}

PyTorchCode pytorch(const CodeContext& context) {
    constexpr auto function = "F.avg_pool2d";
    const auto window = poolingWindow(context);
    const auto& padding = window.padding;
    const bool counts = context.params().boolean("count_padding");
    const auto& x = context.input();
    if (torchPads(window))
        return {"", torchPool(function, window, x,
                              {code::keyword("padding", code::pair({padding.top, padding.left}),
                                             padding != Padding2d{}),
                               code::keyword("count_include_pad", "False",
                                             padding != Padding2d{} && !counts)})};
    const auto padded = torchPool(function, window, code::torchPadded(padding, x));
    if (counts)
        return {"", padded};
    // The mean over all, divided by the share that lies inside the image.
    const auto ones = code::call("torch.ones_like", {x});
    return {"", padded + " / " + torchPool(function, window, code::torchPadded(padding, ones))};
}

/// Keras's own "same" padding counts or not as its backend pleases.
std::string keras(const CodeContext& context) {
    constexpr auto layer = "layers.AveragePooling2D";
    const auto window = poolingWindow(context);
    const auto& padding = window.padding;
    if (padding == Padding2d{} || context.params().boolean("count_padding"))
        return kerasPool(layer, context, code::kerasPadded(padding, context.input()));
    const auto pooled = [&](const std::string& x) {
        return code::call(
            "ops.average_pool",
            {code::kerasPadded(padding, x), code::pair(window.kernel),
             code::keyword("strides", code::pair(window.stride), window.stride != window.kernel)});
    };
    return pooled(context.input()) + " / " + pooled(code::call("ops.ones_like", {context.input()}));
}

} // namespace

LayerDef averagePool2d() {
    auto def = pooling2d("average-pool2d", "Average pool",
                         "Replaces each window by its mean: a smaller, smoother image.");
    def.formula = "y[c, i, j] = mean over u, v of x[c, i·s + u, j·s + v]";
    def.lower = lower;
    def.pytorch = pytorch;
    def.keras = keras;
    def.label = label;
    auto countPadding = boolParam("count_padding", "Count padding", false,
                                  "Whether padded zeros count towards the mean.");
    countPadding.advanced = true;
    def.params.push_back(std::move(countPadding));
    return def;
}

} // namespace gradwright::layers
