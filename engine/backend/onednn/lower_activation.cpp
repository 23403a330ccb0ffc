// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {

void lower(Compiler& compiler, const OpContext& context, const ActivationOp& op) {
    auto* source = context.inputs[0];
    const auto& layout = source->layout;
    if (op.activation.kind == ActivationKind::Identity) {
        compiler.aliasOutput(context, source, layout);
        compiler.reportForward(context, "none", layout);
        return;
    }
    const bool fromOutput = hasDerivativeFromOutput(op.activation);
    const EltwiseSpec spec{op.activation, fromOutput};
    const auto flat = layout.flat();
    const auto pd = eltwiseForward(compiler.forwardKind(), spec, flat);
    if (!pd)
        throw Error("oneDNN has no activation for {}", context.op.path);
    auto* output = compiler.makeOutput(context, layout);
    output->dirtyPadding =
        layout.isPadded() && (source->dirtyPadding || !preservesZero(op.activation));
    compiler.schedule().add(
        pd, {{DNNL_ARG_SRC, source->buffer, flat}, {DNNL_ARG_DST, output->buffer, flat}});
    compiler.schedule().lastMayWriteOver(output->buffer, source->buffer);
    compiler.reportForward(context, implementationOf(pd), layout);
    if (!output->wantsGradient)
        return;
    if (fromOutput) {
        // The same as when it is folded into another op.
        output->fused = op.activation;
        compiler.onBackward([&compiler, context, source, output, pd, spec, flat] {
            auto* gradient = compiler.gradientOf(output);
            if (!gradient)
                return;
            compiler.contribute(source, gradient);
            compiler.reportBackward(context, implementationOf(eltwiseBackward(spec, flat, pd)),
                                    source->layout);
        });
        return;
    }
    compiler.onBackward([&compiler, context, source, output, pd, spec, flat] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        const auto backward = eltwiseBackward(spec, flat, pd);
        auto* result = compiler.schedule().arena(source->layout.bytes());
        compiler.schedule().add(backward, {{DNNL_ARG_SRC, source->buffer, flat},
                                           {DNNL_ARG_DIFF_DST, gradient, flat},
                                           {DNNL_ARG_DIFF_SRC, result, flat}});
        compiler.schedule().lastMayWriteOver(result, gradient);
        compiler.contribute(source, result);
        compiler.reportBackward(context, implementationOf(backward), source->layout);
    });
}

void lower(Compiler& compiler, const OpContext& context, const SoftmaxOp&) {
    // Fast only where the channels of a position lie side by side.
    const auto& shape = context.inputs[0]->layout.shape;
    auto layout = Layout::plain(compiler.batch(), shape);
    layout.format = Format::ChannelsLast;
    auto* source = compiler.convert(context.inputs[0], layout);
    const auto desc = layout.padded();
    constexpr int axis = 1;
    const auto pd = softmaxForward(compiler.forwardKind(), desc, axis);
    if (!pd)
        throw Error("oneDNN has no softmax for {}", context.op.path);
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add(
        pd, {{DNNL_ARG_SRC, source->buffer, desc}, {DNNL_ARG_DST, output->buffer, desc}});
    compiler.schedule().lastMayWriteOver(output->buffer, source->buffer);
    compiler.reportForward(context, implementationOf(pd), layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([&compiler, context, source, output, pd, desc] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        const auto backward = softmaxBackward(desc, axis, pd);
        auto* result = compiler.schedule().arena(source->layout.bytes());
        compiler.schedule().add(backward, {{DNNL_ARG_DST, output->buffer, desc},
                                           {DNNL_ARG_DIFF_DST, gradient, desc},
                                           {DNNL_ARG_DIFF_SRC, result, desc}});
        compiler.contribute(source, result);
        compiler.reportBackward(context, implementationOf(backward), source->layout);
    });
}

} // namespace gradwright::onednn
