// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/conv_plan.h"
#include "engine/backend/onednn/kernels/combine.h"
#include "engine/backend/onednn/operand.h"

namespace gradwright::onednn {
namespace {

struct TransposeTensors {
    Lowered* source; ///< what the op reads: the output of the convolution
    Lowered* output; ///< what it makes: the convolution's source
    WeightId kernel;
    std::optional<WeightId> bias;
    Operand read; ///< the source
    Operand weights;
};

/// The gradient of what is read is the convolution of that of what is made.
void emitDataGradient(Compiler& compiler, const OpContext& context, const ConvPlan& plan,
                      TransposeTensors& tensors, Operand& gradient) {
    const auto& pd = plan.forward;
    auto* result = compiler.schedule().arena(plan.output.bytes());
    compiler.schedule().add(
        pd, {{DNNL_ARG_SRC, gradient.as(pd.src_desc()), pd.src_desc()},
             {DNNL_ARG_WEIGHTS, tensors.weights.as(pd.weights_desc()), pd.weights_desc()},
             {DNNL_ARG_DST, result, pd.dst_desc()}});
    compiler.contribute(tensors.source, result);
    compiler.reportBackward(context, implementationOf(compiler, pd, pd.src_desc()), plan.output);
}

void emitWeightGradient(Compiler& compiler, const OpContext& context, const ConvPlan& plan,
                        TransposeTensors& tensors, Operand& gradient) {
    const auto& pd = plan.backwardWeights;
    const auto kernel = compiler.gradientTarget(tensors.kernel, pd.diff_weights_desc());
    compiler.schedule().add(
        pd, {{DNNL_ARG_SRC, gradient.as(pd.src_desc()), pd.src_desc()},
             {DNNL_ARG_DIFF_DST, tensors.read.as(pd.diff_dst_desc()), pd.diff_dst_desc()},
             {DNNL_ARG_DIFF_WEIGHTS, kernel.buffer, kernel.desc}});
    compiler.finishGradient(kernel, tensors.source->dirtyPadding);
    if (tensors.bias) {
        const auto bias = compiler.gradientTarget(*tensors.bias, denseDesc({plan.source.channels}));
        const ChannelView view(plan.source);
        compiler.schedule().add(
            {gradient.given(), bias.buffer},
            [view, sums = bias.buffer, terms = gradient.given()](const RunContext&) {
                sumOfChannels(view, sums->as(), terms->as());
            });
        compiler.finishGradient(bias, false);
    }
    compiler.reportBackward(context, implementationOf(compiler, pd, pd.src_desc()), plan.source);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const ConvTransposeOp& op) {
    const auto& graph = compiler.graph();
    const auto& ids = context.op.weights;
    const auto& in = graph.type(context.op.inputs[0]).sample();
    // Output padding needs no word: it is what the strides of the convolution leave over.
    const auto window = windowOf(op.kernel, op.stride, op.dilation, op.padding, in.rank() - 1);
    const ConvProblem problem{.source = graph.type(context.op.output()).sample(),
                              .output = in,
                              .window = window,
                              .groups = op.groups,
                              .transposed = true,
                              .given = context.inputs[0],
                              .wantsGradient = true,
                              .kernel = ids[0],
                              .path = context.op.path};
    const auto plan = planConvolution(compiler, problem);
    auto* source = compiler.convert(context.inputs[0], plan.output);
    if (!compiler.weights().stored(ids[0]).isSet)
        compiler.weights().setLayout(ids[0], problem.kernelDims(op.outChannels, in[0]),
                                     plan.kernelDesc);
    TransposeTensors tensors{.source = source,
                             .output = compiler.makeOutput(context, plan.source),
                             .kernel = ids[0],
                             .bias = {},
                             .read = Operand(compiler, source->buffer, plan.outputDesc),
                             .weights = Operand(compiler, ids[0])};
    const auto& pd = plan.backwardData;
    compiler.schedule().add(
        pd, {{DNNL_ARG_DIFF_DST, tensors.read.as(pd.diff_dst_desc()), pd.diff_dst_desc()},
             {DNNL_ARG_WEIGHTS, tensors.weights.as(pd.weights_desc()), pd.weights_desc()},
             {DNNL_ARG_DIFF_SRC, tensors.output->buffer, pd.diff_src_desc()}});
    if (op.bias) {
        tensors.bias = ids[1];
        if (!compiler.weights().stored(ids[1]).isSet)
            compiler.weights().setLayout(ids[1], {op.outChannels},
                                         denseDesc({plan.source.channels}));
        auto* bias = compiler.vectorWeight(ids[1], plan.source.channels);
        const ChannelView view(plan.source);
        compiler.schedule().add({tensors.output->buffer, bias},
                                [=, out = tensors.output->buffer](const RunContext&) {
                                    addToChannels(view, out->as(), bias->as());
                                });
    }
    compiler.reportForward(context, implementationOf(compiler, pd, pd.diff_dst_desc()),
                           plan.source);
    if (!tensors.output->wantsGradient)
        return;
    compiler.onBackward([&compiler, context, plan, tensors]() mutable {
        auto* received = compiler.gradientOf(tensors.output);
        if (!received)
            return;
        Operand gradient(compiler, received, plan.sourceDesc);
        if (context.trains)
            emitWeightGradient(compiler, context, plan, tensors, gradient);
        if (tensors.source->wantsGradient)
            emitDataGradient(compiler, context, plan, tensors, gradient);
    });
}

} // namespace gradwright::onednn
