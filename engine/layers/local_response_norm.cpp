// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/window.h"

namespace gradwright::layers {
namespace {

Inferred inferLocalResponseNorm(const InferContext& context) {
    if (auto problem = requireAxes("Local response norm", context.inputs[0], 2))
        return *std::move(problem);
    return context.inputs[0];
}

ValueId lowerLocalResponseNorm(LowerContext& context) {
    const auto& params = context.params();
    return context.op(LocalResponseNormOp{params.integer("size"), params.real("alpha"),
                                          params.real("beta"), params.real("k")});
}

PyTorchCode pytorchLocalResponseNorm(const CodeContext& context) {
    const auto& params = context.params();
    return {"", code::call("F.local_response_norm",
                           {context.input(), fmt::format("{}", params.integer("size")),
                            "alpha=" + code::number(params.real("alpha")),
                            "beta=" + code::number(params.real("beta")),
                            "k=" + code::number(params.real("k"))})};
}

/// Keras has none: the sum over neighbouring channels is an average pool along them.
std::string kerasLocalResponseNorm(const CodeContext& context) {
    const auto& params = context.params();
    const auto& x = context.input();
    const auto size = params.integer("size");
    const auto& shape = context.shape();
    const auto squares = code::call(
        "ops.pad",
        {code::call("ops.reshape", {code::call("ops.square", {x}),
                                    fmt::format("(-1, {}, {}, 1)", shape[1] * shape[2], shape[0])}),
         fmt::format("((0, 0), (0, 0), ({}, {}), (0, 0))", size / 2, size - 1 - size / 2)});
    const auto means =
        code::call("ops.reshape",
                   {code::call("ops.average_pool", {squares, fmt::format("(1, {})", size), "1"}),
                    fmt::format("(-1, {}, {}, {})", shape[1], shape[2], shape[0])});
    return fmt::format("{} / ({} + {} * {}) ** {}", x, code::number(params.real("k")),
                       code::number(params.real("alpha")), means,
                       code::number(params.real("beta")));
}

} // namespace

LayerDef localResponseNorm() {
    auto k = realParam("k", "k", 1.0, 0, 1000, "The divisor where nothing is active.");
    k.minimumExclusive = true;
    return {.key = "local-response-norm",
            .title = "Local response norm",
            .category = Category::Normalization,
            .doc = "Lets a strong response weaken those of neighbouring channels at the same "
                   "place. Part of AlexNet (size 5, α 1e-4, β 0.75, k 2; α there is not divided by "
                   "the size); batch norm has replaced it.",
            .formula = "y[c] = x[c] / (k + α / size · Σ x[c']²)^β, over the size channels around c",
            .source = "Krizhevsky, Sutskever, Hinton: ImageNet classification with deep "
                      "convolutional neural networks, 2012",
            .params = {intParam("size", "Size", 5, 1, 1024, "Neighbouring channels in the sum."),
                       realParam("alpha", "α", 1e-4, 0, 1000, "Weight of the sum."),
                       realParam("beta", "β", 0.75, 0, 10, "Power."), std::move(k)},
            .infer = inferLocalResponseNorm,
            .lower = lowerLocalResponseNorm,
            .pytorch = pytorchLocalResponseNorm,
            .keras = kerasLocalResponseNorm};
}

} // namespace gradwright::layers
