// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/conv_plan.h"
#include "engine/backend/onednn/lower_product.h"
#include "engine/backend/onednn/operand.h"

namespace gradwright::onednn {
namespace {

struct ConvTensors {
    Lowered* source;
    Lowered* output;
    WeightId kernel;
    std::optional<WeightId> bias;
    Operand read; ///< the source
    Operand weights;
};

void emitDataGradient(Compiler& compiler, const OpContext& context, const ConvPlan& plan,
                      ConvTensors& tensors, Operand& gradient) {
    const auto& pd = plan.backwardData;
    auto* result = compiler.schedule().arena(plan.source.bytes());
    compiler.schedule().add(
        pd, {{DNNL_ARG_DIFF_DST, gradient.as(pd.diff_dst_desc()), pd.diff_dst_desc()},
             {DNNL_ARG_WEIGHTS, tensors.weights.as(pd.weights_desc()), pd.weights_desc()},
             {DNNL_ARG_DIFF_SRC, result, pd.diff_src_desc()}});
    compiler.contribute(tensors.source, result);
    compiler.reportBackward(context, implementationOf(compiler, pd, pd.diff_dst_desc()),
                            plan.source);
}

void emitWeightGradient(Compiler& compiler, const OpContext& context, const ConvPlan& plan,
                        ConvTensors& tensors, Operand& gradient) {
    const auto& pd = plan.backwardWeights;
    const auto kernel = compiler.gradientTarget(tensors.kernel, pd.diff_weights_desc());
    std::vector<Schedule::Argument> arguments{
        {DNNL_ARG_SRC, tensors.read.as(pd.src_desc()), pd.src_desc()},
        {DNNL_ARG_DIFF_DST, gradient.as(pd.diff_dst_desc()), pd.diff_dst_desc()},
        {DNNL_ARG_DIFF_WEIGHTS, kernel.buffer, kernel.desc}};
    std::optional<Compiler::GradientTarget> bias;
    if (tensors.bias) {
        bias = compiler.gradientTarget(*tensors.bias, pd.diff_bias_desc());
        arguments.push_back({DNNL_ARG_DIFF_BIAS, bias->buffer, bias->desc});
    }
    compiler.schedule().add(pd, std::move(arguments));
    // Input lanes that are not zero would give the zero weights of the padding a gradient.
    compiler.finishGradient(kernel, tensors.source->dirtyPadding);
    if (bias)
        compiler.finishGradient(*bias, false);
    compiler.reportBackward(context, implementationOf(compiler, pd, pd.diff_dst_desc()),
                            plan.output);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const ConvOp& op) {
    lowerProduct(compiler, context, op, {.activation = context.fused});
}

void lowerProduct(Compiler& compiler, const OpContext& context, const ConvOp& op,
                  const ProductFinish& finish) {
    const auto& graph = compiler.graph();
    const auto& weights = context.op.weights;
    const auto& in = graph.type(context.op.inputs[0]).sample();
    const bool mayLearn = compiler.differentiates()
                              ? context.inputs[0]->wantsGradient
                              : graph.producerOf(context.op.inputs[0]) != nullptr;
    const ConvProblem problem{
        .source = in,
        .output = graph.type(context.op.output()).sample(),
        .window = windowOf(op.kernel, op.stride, op.dilation, op.padding, in.rank() - 1),
        .groups = op.groups,
        .bias = op.bias,
        .given = context.inputs[0],
        .wantsGradient = mayLearn,
        .wantsBf16 = !finish.addend && !finish.isRead && compiler.isReadAsBf16(context),
        .kernel = weights[0],
        .finish = {finish.activation, finish.addend != nullptr},
        .path = context.op.path};
    const auto plan = planConvolution(compiler, problem);
    auto* source = compiler.convert(context.inputs[0], plan.source);
    if (!compiler.weights().stored(weights[0]).isSet)
        compiler.weights().setLayout(weights[0], problem.kernelDims(in[0], op.outChannels),
                                     plan.kernelDesc);
    ConvTensors tensors{.source = source,
                        .output = nullptr,
                        .kernel = weights[0],
                        .bias = {},
                        .read = Operand(compiler, source->buffer, plan.sourceDesc),
                        .weights = Operand(compiler, weights[0])};
    if (op.bias) {
        tensors.bias = weights[1];
        if (!compiler.weights().stored(weights[1]).isSet)
            compiler.weights().setLayout(weights[1], {op.outChannels}, plan.forward.bias_desc());
    }
    const auto& pd = plan.forward;
    tensors.output = compiler.makeOutput(context, plan.output);
    const auto* addend =
        finish.addend ? fetchAddend(compiler, finish.addend, tensors.output) : nullptr;
    tensors.output->dirtyPadding =
        plan.output.isPadded() && ((finish.activation && !preservesZero(*finish.activation)) ||
                                   (addend && addend->dirtyPadding));
    std::vector<Schedule::Argument> arguments{
        {DNNL_ARG_SRC, tensors.read.as(pd.src_desc()), pd.src_desc()},
        {DNNL_ARG_WEIGHTS, tensors.weights.as(pd.weights_desc()), pd.weights_desc()},
        {DNNL_ARG_DST, tensors.output->buffer, pd.dst_desc()}};
    if (tensors.bias)
        arguments.push_back({DNNL_ARG_BIAS,
                             compiler.vectorWeight(*tensors.bias, dimsOf(pd.bias_desc())[0]),
                             pd.bias_desc()});
    compiler.schedule().add(pd, std::move(arguments));
    compiler.reportForward(context, implementationOf(compiler, pd, pd.src_desc()), plan.output,
                           finish.told);
    if (!tensors.output->wantsGradient)
        return;
    compiler.onBackward([&compiler, context, plan, tensors]() mutable {
        auto* received = compiler.gradientOf(tensors.output);
        if (!received)
            return;
        Operand gradient(compiler, received, plan.outputDesc);
        if (context.trains)
            emitWeightGradient(compiler, context, plan, tensors, gradient);
        if (tensors.source->wantsGradient)
            emitDataGradient(compiler, context, plan, tensors, gradient);
    });
}

} // namespace gradwright::onednn
