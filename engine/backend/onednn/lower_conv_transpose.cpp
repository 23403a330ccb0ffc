// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/conv_plan.h"
#include "engine/backend/onednn/kernels/combine.h"

namespace gradwright::onednn {
namespace {

struct TransposeTensors {
    Lowered* source; ///< what the op reads: the output of the convolution
    Lowered* output; ///< what it makes: the convolution's source
    WeightId kernel;
    std::optional<WeightId> bias;
};

/// The gradient of what is read is the convolution of that of what is made.
void emitDataGradient(Compiler& compiler, const OpContext& context, const ConvPlan& plan,
                      const TransposeTensors& tensors, Buffer* gradient) {
    const auto& pd = plan.forward;
    auto* result = compiler.schedule().arena(plan.output.bytes());
    auto* weights = compiler.weightAs(tensors.kernel, pd.weights_desc());
    compiler.schedule().add(pd, {{DNNL_ARG_SRC, gradient, pd.src_desc()},
                                 {DNNL_ARG_WEIGHTS, weights, pd.weights_desc()},
                                 {DNNL_ARG_DST, result, pd.dst_desc()}});
    compiler.contribute(tensors.source, result);
    compiler.reportBackward(context, implementationOf(pd), plan.output);
}

void emitWeightGradient(Compiler& compiler, const OpContext& context, const ConvPlan& plan,
                        const TransposeTensors& tensors, Buffer* gradient) {
    const auto& pd = plan.backwardWeights;
    const auto kernel = compiler.gradientTarget(tensors.kernel, pd.diff_weights_desc());
    compiler.schedule().add(pd, {{DNNL_ARG_SRC, gradient, pd.src_desc()},
                                 {DNNL_ARG_DIFF_DST, tensors.source->buffer, pd.diff_dst_desc()},
                                 {DNNL_ARG_DIFF_WEIGHTS, kernel.buffer, kernel.desc}});
    compiler.finishGradient(kernel, tensors.source->dirtyPadding);
    if (tensors.bias) {
        const auto bias = compiler.gradientTarget(*tensors.bias, denseDesc({plan.source.channels}));
        const ChannelView view(plan.source);
        compiler.schedule().add({gradient, bias.buffer},
                                [=, sums = bias.buffer](const RunContext&) {
                                    sumOfChannels(view, sums->as(), gradient->as());
                                });
        compiler.finishGradient(bias, false);
    }
    compiler.reportBackward(context, implementationOf(pd), plan.source);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const ConvTransposeOp& op) {
    const auto& graph = compiler.graph();
    const auto& ids = context.op.weights;
    const auto& in = graph.type(context.op.inputs[0]).shape;
    // Output padding needs no word: it is what the strides of the convolution leave over.
    const auto window = windowOf(op.kernel, op.stride, op.dilation, op.padding, in.rank() - 1);
    const ConvProblem problem{.source = graph.type(context.op.output).shape,
                              .output = in,
                              .window = window,
                              .groups = op.groups,
                              .transposed = true,
                              .given = context.inputs[0],
                              .wantsGradient = true,
                              .kernel = ids[0],
                              .path = context.op.path};
    const auto plan = planConvolution(compiler, problem);
    TransposeTensors tensors{compiler.convert(context.inputs[0], plan.output),
                             compiler.makeOutput(context, plan.source),
                             ids[0],
                             {}};
    const auto& pd = plan.backwardData;
    if (!compiler.weights().stored(ids[0]).isSet)
        compiler.weights().setLayout(ids[0], problem.kernelDims(op.outChannels, in[0]),
                                     plan.forward.weights_desc());
    auto* kernel = compiler.weightAs(ids[0], pd.weights_desc());
    compiler.schedule().add(pd, {{DNNL_ARG_DIFF_DST, tensors.source->buffer, pd.diff_dst_desc()},
                                 {DNNL_ARG_WEIGHTS, kernel, pd.weights_desc()},
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
    compiler.reportForward(context, implementationOf(pd), plan.source);
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
