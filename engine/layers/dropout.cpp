// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred inferDropout(const InferContext& context) {
    return context.inputs[0];
}

ValueId lowerDropout(LowerContext& context) {
    // The number of ops so far is unique in the graph and the same whenever it is built.
    const auto stream = static_cast<std::uint32_t>(context.opCount());
    return context.op(DropoutOp{context.params().real("rate"), stream});
}

std::string labelDropout(const Params& params) {
    return fmt::format("Dropout {}", params.real("rate"));
}

PyTorchCode pytorchDropout(const CodeContext& context) {
    if (context.params().real("rate") == 0)
        return {"", context.input()};
    return {fmt::format("nn.Dropout({})", context.params().real("rate")),
            fmt::format("self.{}({})", context.name(), context.input())};
}

std::string kerasDropout(const CodeContext& context) {
    if (context.params().real("rate") == 0)
        return context.input();
    return code::kerasLayer("Dropout", context, {code::number(context.params().real("rate"))});
}

} // namespace

LayerDef dropout() {
    auto rate = realParam("rate", "Rate", 0.5, 0, 1, "Share of the values set to zero.");
    rate.maximumExclusive = true;
    return {.key = "dropout",
            .title = "Dropout",
            .category = Category::Regularization,
            .doc = "While training, sets a random share of the values to zero and scales up the "
                   "rest, so that no unit can rely on another; this reduces overfitting. Does "
                   "nothing at inference.",
            .formula = "y = x · m / (1 - rate), m = 0 with probability rate, else 1",
            .source = "Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout, 2014",
            .traits = {.passesOn = true, .drops = true},
            .params = {std::move(rate)},
            .infer = inferDropout,
            .lower = lowerDropout,
            .pytorch = pytorchDropout,
            .keras = kerasDropout,
            .label = labelDropout};
}

} // namespace gradwright::layers
