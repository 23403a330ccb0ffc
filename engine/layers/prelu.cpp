// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/channels.h"

namespace gradwright::layers {
namespace {

constexpr std::string_view kKerasPreluFitting = R"(    if isinstance(layer, layers.PReLU):
        return [v.reshape(w.shape) for v, w in zip(tensors, layer.get_weights())]
)";

Inferred inferPrelu(const InferContext& context) {
    return context.inputs[0];
}

ValueId lowerPrelu(LowerContext& context) {
    const auto& params = context.params();
    const bool perChannel = !params.boolean("shared");
    const auto slopes =
        context.weight("weight", {perChannel ? channelsOf(context.inputShape()) : 1},
                       {"constant", params.real("slope")});
    return withChannelsFirst(
        context, [&](ValueId x) { return context.op(PreluOp{perChannel}, {x}, {slopes}); });
}

PyTorchCode pytorchPrelu(const CodeContext& context) {
    const auto& params = context.params();
    const auto count = params.boolean("shared") ? 1 : channelsOf(context.shape());
    return {code::call("nn.PReLU",
                       {fmt::format("{}", count), "init=" + code::number(params.real("slope"))}),
            torchChannelsFirst(context, "self." + context.name())};
}

std::string kerasPrelu(const CodeContext& context) {
    const auto& params = context.params();
    // Everything but the channels, which come last there, shares a slope.
    std::string axes;
    const auto rank = context.shape().rank() - (params.boolean("shared") ? 0 : 1);
    for (std::size_t axis = 1; axis <= rank; ++axis)
        axes += fmt::format("{}{}", axis > 1 ? ", " : "", axis);
    return code::kerasLayer(
        "PReLU", context,
        {code::call("keras.initializers.Constant", {code::number(params.real("slope"))}),
         code::keyword("shared_axes", "[" + axes + "]", rank > 0)});
}

} // namespace

LayerDef prelu() {
    return {.key = "prelu",
            .title = "PReLU",
            .category = Category::Activation,
            .doc = "ReLU with a learned slope below zero, one for each channel or one for all.",
            .formula = "f(x) = x for x > 0, a · x otherwise",
            .source = "He, Zhang, Ren, Sun: Delving deep into rectifiers, 2015",
            .hasWeights = true,
            .params = {realParam("slope", "Slope", 0.25, -1, 1, "The initial slope."),
                       boolParam("shared", "Shared", false, "One slope for all channels.")},
            .infer = inferPrelu,
            .lower = lowerPrelu,
            .pytorch = pytorchPrelu,
            .keras = kerasPrelu,
            .kerasWeights = {.fittings = {kKerasPreluFitting}}};
}

} // namespace gradwright::layers
