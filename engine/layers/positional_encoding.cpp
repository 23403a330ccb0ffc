// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/window.h"

namespace gradwright::layers {
namespace {

bool isLearned(const Params& params) {
    return params.text("kind") == "learned";
}

Inferred inferPositionalEncoding(const InferContext& context) {
    if (auto problem = requireAxes("Positional encoding", context.inputs[0], 1))
        return *std::move(problem);
    return context.inputs[0];
}

ValueId lowerPositionalEncoding(LowerContext& context) {
    const bool learned = isLearned(context.params());
    std::vector<WeightId> weights;
    if (learned)
        weights.push_back(context.weight("weight", context.inputShape(), {"uniform", 0.035}));
    return context.op(PositionOp{learned}, context.inputs(), std::move(weights));
}

/// The table of sinusoids as an expression of the module; `place` is a further argument of
/// arange().
std::string table(const Shape& shape, std::string_view module, const std::string& place = {}) {
    const auto steps = fmt::format("{}.arange({}{})[:, None]", module, shape[0], place);
    const auto features = fmt::format("{}.arange({}{})[None, :]", module, shape[1], place);
    const auto angle =
        fmt::format("{} / 10000.0 ** (({} // 2) * 2 / {})", steps, features, shape[1]);
    return fmt::format("{0}.where({1} % 2 == 0, {0}.sin({2}), {0}.cos({2}))", module, features,
                       angle);
}

PyTorchCode pytorchPositionalEncoding(const CodeContext& context) {
    const auto& shape = context.shape();
    if (isLearned(context.params()))
        return {fmt::format("nn.Embedding({}, {})", shape[0], shape[1]),
                fmt::format("{} + self.{}.weight", context.input(), context.name())};
    return {"", fmt::format("{0} + {1}", context.input(),
                            table(shape, "torch", ", device=" + context.input() + ".device"))};
}

std::string kerasPositionalEncoding(const CodeContext& context) {
    const auto& shape = context.shape();
    if (isLearned(context.params()))
        return fmt::format("{0} + layers.Embedding({1}, {2}, name=\"{3}\")(ops.cast(ops.cumsum("
                           "ops.ones_like({0}[:, :, 0]), axis=1) - 1, \"int32\"))",
                           context.input(), shape[0], shape[1], context.name());
    return fmt::format("{} + ops.cast({}, \"float32\")", context.input(), table(shape, "numpy"));
}

} // namespace

LayerDef positionalEncoding() {
    return {.key = "positional-encoding",
            .title = "Positional encoding",
            .category = Category::Sequence,
            .doc = "Adds to each step of a sequence numbers that say which one it is, since "
                   "attention by itself does not see the order.",
            .formula = "y[t, i] = x[t, i] + sin(t / 10000^(i/F)) for even i, cos(t / "
                       "10000^((i-1)/F)) for odd i",
            .source = "Vaswani et al.: Attention is all you need, 2017",
            .hasWeights = true,
            .params = {choiceParam("kind", "Kind", "sinusoids",
                                   {{"sinusoids", "Sinusoids", "Fixed waves of many lengths."},
                                    {"learned", "Learned", "A learned vector for each step."}},
                                   "Where the numbers come from.")},
            .infer = inferPositionalEncoding,
            .lower = lowerPositionalEncoding,
            .pytorch = pytorchPositionalEncoding,
            .keras = kerasPositionalEncoding,
            .kerasWeights = {.fittings = {kKerasEmbeddingFitting}}};
}

} // namespace gradwright::layers
