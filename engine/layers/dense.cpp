// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred inferDense(const InferContext& context) {
    const auto& input = context.inputs[0];
    if (input.rank() == 2)
        return Shape{input[0], context.params.integer("units")};
    if (input.rank() != 1)
        return LayerProblem{fmt::format("Dense takes a vector; received {}.", toString(input)),
                            "",
                            {{"Insert Flatten", InsertLayerProposal{PortIndex{0}, "flatten", {}}},
                             {"Insert Global average pool",
                              InsertLayerProposal{PortIndex{0}, "global-average-pool", {}}}}};
    return Shape{context.params.integer("units")};
}

ValueId lowerDense(LowerContext& context) {
    const auto& params = context.params();
    const auto& shape = context.inputShape();
    const auto features = shape[shape.rank() - 1];
    const DenseOp op{params.integer("units"), params.boolean("bias")};
    std::vector<WeightId> weights = {context.weight("weight", {op.units, features},
                                                    initializerOf(params, activationOf(params)),
                                                    {features, op.units})};
    if (op.bias)
        weights.push_back(context.weight("bias", {op.units}, {"zeros"}));
    return lowerActivation(context, context.op(op, context.inputs(), std::move(weights)));
}

std::string labelDense(const Params& params) {
    return fmt::format("Dense {}", params.integer("units"));
}

PyTorchCode pytorchDense(const CodeContext& context) {
    const auto& params = context.params();
    return {code::call("nn.Linear", {fmt::format("{}", context.shape().dims().back()),
                                     fmt::format("{}", params.integer("units")),
                                     code::keyword("bias", "False", !params.boolean("bias"))}),
            code::torchActivated(activationOf(params),
                                 fmt::format("self.{}({})", context.name(), context.input()))};
}

std::string kerasDense(const CodeContext& context) {
    const auto& params = context.params();
    const auto activation = code::kerasActivation(activationOf(params));
    return code::kerasActivated(
        activationOf(params),
        code::kerasLayer("Dense", context,
                         {fmt::format("{}", params.integer("units")),
                          code::keyword("activation", activation, !activation.empty()),
                          code::keyword("use_bias", "False", !params.boolean("bias"))}));
}

} // namespace

LayerDef dense() {
    return {.key = "dense",
            .title = "Dense",
            .category = Category::Dense,
            .doc =
                "Fully connected: every output is a weighted sum of all inputs plus a bias, passed "
                "through the activation. Each step of a sequence goes through it separately.",
            .formula = "y = f(W x + b)",
            .source = "Rosenblatt: The perceptron, 1958",
            .hasWeights = true,
            .traits = {.linear = true},
            .params = joined({{intParam("units", "Units", 64, 1, 1 << 24, "Number of outputs."),
                               boolParam("bias", "Bias", true, "Adds a learned bias per unit.")},
                              activationParams(),
                              initializerParams()}),
            .infer = inferDense,
            .lower = lowerDense,
            .pytorch = pytorchDense,
            .keras = kerasDense,
            .kerasWeights = {.usual = true},
            .label = labelDense};
}

} // namespace gradwright::layers
