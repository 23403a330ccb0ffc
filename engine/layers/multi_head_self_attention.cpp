// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/window.h"

namespace gradwright::layers {
namespace {

constexpr std::string_view kKerasAttentionFitting =
    R"(    if isinstance(layer, layers.MultiHeadAttention):
        kernels = [v for v in tensors if v.ndim == 2]
        biases = [v for v in tensors if v.ndim == 1]
        values = []
        for i in range(3):
            values.append(numpy.split(kernels[0], 3)[i].T)
            values += [numpy.split(biases[0], 3)[i]] if biases else []
        values.append(kernels[1].T)
        values += biases[1:]
        return [v.reshape(w.shape) for v, w in zip(values, layer.get_weights())]
)";

Inferred inferMultiHeadSelfAttention(const InferContext& context) {
    const auto& input = context.inputs[0];
    if (auto problem = requireAxes("Multi-head self-attention", input, 1))
        return *std::move(problem);
    const auto heads = context.params.integer("heads");
    if (input[1] % heads == 0)
        return input;
    auto fitting = std::min(heads, input[1]);
    while (input[1] % fitting != 0)
        --fitting;
    return LayerProblem{
        fmt::format("The heads must divide the features; received {} heads, {} features.", heads,
                    input[1]),
        "heads",
        {{fmt::format("Set heads to {}", fitting), SetParamProposal{"heads", fitting}}}};
}

ValueId lowerMultiHeadSelfAttention(LowerContext& context) {
    const auto& params = context.params();
    const auto features = context.inputShape()[1];
    const bool bias = params.boolean("bias");
    const auto dense = [&](ValueId x, std::int64_t units, const std::string& weight,
                           const std::string& shift) {
        std::vector<WeightId> weights = {context.weight(
            weight, {units, features}, {"xavier-uniform", 0.0, 1.0}, {features, units})};
        if (bias)
            weights.push_back(context.weight(shift, {units}, {"zeros"}));
        return context.op(DenseOp{units, bias}, {x}, std::move(weights));
    };
    const auto joint = dense(context.inputs()[0], 3 * features, "in_proj_weight", "in_proj_bias");
    const auto attended =
        context.op(AttentionOp{params.integer("heads"), params.boolean("causal")}, {joint});
    return dense(attended, features, "out_proj.weight", "out_proj.bias");
}

std::string labelMultiHeadSelfAttention(const Params& params) {
    return fmt::format("Attention {}", params.integer("heads"));
}

PyTorchCode pytorchMultiHeadSelfAttention(const CodeContext& context) {
    const auto& params = context.params();
    const auto& x = context.input();
    const auto mask =
        fmt::format("torch.triu(torch.ones({0}, {0}, dtype=torch.bool, device={1}.device), 1)",
                    context.shape()[0], x);
    return {code::call(
                "nn.MultiheadAttention",
                {fmt::format("{}", context.shape()[1]), fmt::format("{}", params.integer("heads")),
                 code::keyword("bias", "False", !params.boolean("bias")), "batch_first=True"}),
            code::call("self." + context.name(),
                       {x, x, x, "need_weights=False",
                        code::keyword("attn_mask", mask, params.boolean("causal"))}) +
                "[0]"};
}

std::string kerasMultiHeadSelfAttention(const CodeContext& context) {
    const auto& params = context.params();
    const auto& x = context.input();
    return fmt::format(
        "{}({})",
        code::call("layers.MultiHeadAttention",
                   {fmt::format("{}", params.integer("heads")),
                    fmt::format("{}", context.shape()[1] / params.integer("heads")),
                    code::keyword("use_bias", "False", !params.boolean("bias")),
                    fmt::format("name=\"{}\"", context.name())}),
        fmt::format("{0}, {0}{1}", x, params.boolean("causal") ? ", use_causal_mask=True" : ""));
}

} // namespace

LayerDef multiHeadSelfAttention() {
    return {.key = "multi-head-self-attention",
            .title = "Multi-head self-attention",
            .category = Category::Sequence,
            .doc = "Every step looks at all steps of the sequence and takes from each as much as "
                   "it attends to it; several heads look for different things. The core of "
                   "transformers.",
            .formula = "y = Concat(head_1, …) W_O, head = softmax(Q Kᵀ / sqrt(d)) V; Q, K, V = x W",
            .source = "Vaswani et al.: Attention is all you need, 2017",
            .hasWeights = true,
            .params = {intParam("heads", "Heads", 4, 1, 1024,
                                "Number of heads; must divide the features."),
                       boolParam("causal", "Causal", false,
                                 "A step sees itself and earlier ones only, as a model that writes "
                                 "text must."),
                       boolParam("bias", "Bias", true, "Adds learned biases.")},
            .infer = inferMultiHeadSelfAttention,
            .lower = lowerMultiHeadSelfAttention,
            .pytorch = pytorchMultiHeadSelfAttention,
            .keras = kerasMultiHeadSelfAttention,
            .kerasWeights = {.fittings = {kKerasAttentionFitting}},
            .label = labelMultiHeadSelfAttention};
}

} // namespace gradwright::layers
