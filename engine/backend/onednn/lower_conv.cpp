// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/conv_plan.h"

namespace gradwright::onednn {
namespace {

struct ConvTensors {
    Lowered* source;
    Lowered* output;
    WeightId kernel;
    std::optional<WeightId> bias;
};

void emitDataGradient(Compiler& compiler, const OpContext& context, const ConvPlan& plan,
                      const ConvTensors& tensors, Buffer* gradient) {
    const auto& pd = plan.backwardData;
    auto* result = compiler.schedule().arena(plan.source.bytes());
    auto* weights = compiler.weightAs(tensors.kernel, pd.weights_desc());
    compiler.schedule().add(pd, {{DNNL_ARG_DIFF_DST, gradient, pd.diff_dst_desc()},
                                 {DNNL_ARG_WEIGHTS, weights, pd.weights_desc()},
                                 {DNNL_ARG_DIFF_SRC, result, pd.diff_src_desc()}});
    compiler.contribute(tensors.source, result);
    compiler.reportBackward(context, implementationOf(pd), plan.source);
}

void emitWeightGradient(Compiler& compiler, const OpContext& context, const ConvPlan& plan,
                        const ConvTensors& tensors, Buffer* gradient) {
    const auto& pd = plan.backwardWeights;
    const auto kernel = compiler.gradientTarget(tensors.kernel, pd.diff_weights_desc());
    std::vector<Schedule::Argument> arguments{{DNNL_ARG_SRC, tensors.source->buffer, pd.src_desc()},
                                              {DNNL_ARG_DIFF_DST, gradient, pd.diff_dst_desc()},
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
    compiler.reportBackward(context, implementationOf(pd), plan.output);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const ConvOp& op) {
    const auto& graph = compiler.graph();
    const auto& weights = context.op.weights;
    const auto& in = graph.type(context.op.inputs[0]).shape;
    const bool mayLearn = compiler.differentiates()
                              ? context.inputs[0]->wantsGradient
                              : graph.producerOf(context.op.inputs[0]) != nullptr;
    const ConvProblem problem{
        .source = in,
        .output = graph.type(context.op.output).shape,
        .window = windowOf(op.kernel, op.stride, op.dilation, op.padding, in.rank() - 1),
        .groups = op.groups,
        .bias = op.bias,
        .given = context.inputs[0],
        .wantsGradient = mayLearn,
        .kernel = weights[0],
        .fused = context.fused,
        .path = context.op.path};
    const auto plan = planConvolution(compiler, problem);
    ConvTensors tensors{compiler.convert(context.inputs[0], plan.source), nullptr, weights[0], {}};
    if (!compiler.weights().stored(tensors.kernel).isSet)
        compiler.weights().setLayout(tensors.kernel, problem.kernelDims(in[0], op.outChannels),
                                     plan.forward.weights_desc());
    if (op.bias) {
        tensors.bias = weights[1];
        if (!compiler.weights().stored(weights[1]).isSet)
            compiler.weights().setLayout(weights[1], {op.outChannels}, plan.forward.bias_desc());
    }
    const auto& pd = plan.forward;
    auto* kernel = compiler.weightAs(tensors.kernel, pd.weights_desc());
    tensors.output = compiler.makeOutput(context, plan.output);
    tensors.output->dirtyPadding =
        plan.output.isPadded() && context.fused && !preservesZero(*context.fused);
    std::vector<Schedule::Argument> arguments{
        {DNNL_ARG_SRC, tensors.source->buffer, pd.src_desc()},
        {DNNL_ARG_WEIGHTS, kernel, pd.weights_desc()},
        {DNNL_ARG_DST, tensors.output->buffer, pd.dst_desc()}};
    if (tensors.bias)
        arguments.push_back({DNNL_ARG_BIAS,
                             compiler.vectorWeight(*tensors.bias, dimsOf(pd.bias_desc())[0]),
                             pd.bias_desc()});
    compiler.schedule().add(pd, std::move(arguments));
    compiler.reportForward(context, implementationOf(pd), plan.output);
    if (!tensors.output->wantsGradient)
        return;
    compiler.onBackward([&compiler, context, plan, tensors] {
        auto* gradient = compiler.gradientOf(tensors.output);
        if (!gradient)
            return;
        if (context.trains)
            emitWeightGradient(compiler, context, plan, tensors, gradient);
        if (tensors.source->wantsGradient)
            emitDataGradient(compiler, context, plan, tensors, gradient);
    });
}

} // namespace gradwright::onednn
