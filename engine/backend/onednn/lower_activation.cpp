// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/activation.h"

namespace gradwright::onednn {
namespace {

/// With our own kernel, for functions that oneDNN does not have.
void lowerOwn(Compiler& compiler, const OpContext& context, const Activation& activation) {
    auto* source = context.inputs[0];
    const auto& layout = source->layout;
    const auto elements = layout.elements();
    auto* output = compiler.makeOutput(context, layout);
    output->dirtyPadding =
        layout.isPadded() && (source->dirtyPadding || !preservesZero(activation));
    compiler.schedule().add({source->buffer, output->buffer},
                            [=, in = source->buffer, out = output->buffer](const RunContext&) {
                                activate(activation, out->as(), in->as(), elements);
                            });
    compiler.schedule().lastMayWriteOver(output->buffer, source->buffer);
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* result = compiler.schedule().arena(source->layout.bytes());
        compiler.schedule().add(
            {source->buffer, gradient, result}, [=, in = source->buffer](const RunContext&) {
                activateBackward(activation, result->as(), in->as(), gradient->as(), elements);
            });
        compiler.schedule().lastMayWriteOver(result, gradient);
        compiler.contribute(source, result);
        compiler.reportBackward(context, "own", source->layout);
    });
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const ActivationOp& op) {
    auto* source = context.inputs[0];
    const auto& layout = source->layout;
    if (op.activation.kind == ActivationKind::Identity) {
        compiler.aliasOutput(context, source, layout);
        compiler.reportForward(context, "none", layout);
        return;
    }
    if (!hasPrimitive(op.activation))
        return lowerOwn(compiler, context, op.activation);
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

void lower(Compiler& compiler, const OpContext& context, const SoftmaxOp& op) {
    // Fast only where what is summed lies side by side.
    auto layout = compiler.plainLayout(context.op.output());
    const auto rank = static_cast<int>(compiler.graph().type(context.op.output()).dims.rank());
    const auto axis = static_cast<int>(op.axis) + (op.axis < 0 ? rank : 0);
    if (axis == 1)
        layout.format = Format::ChannelsLast;
    auto* source = compiler.convert(context.inputs[0], layout);
    const auto desc = layout.padded();
    const auto pd = softmaxForward(compiler.forwardKind(), desc, axis, op.logarithm);
    if (!pd)
        throw Error("oneDNN has no softmax for {}", context.op.path);
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add(
        pd, {{DNNL_ARG_SRC, source->buffer, desc}, {DNNL_ARG_DST, output->buffer, desc}});
    compiler.schedule().lastMayWriteOver(output->buffer, source->buffer);
    compiler.reportForward(context, implementationOf(pd), layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([&compiler, context, source, output, pd, desc, axis, op] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        const auto backward = softmaxBackward(desc, axis, op.logarithm, pd);
        auto* result = compiler.schedule().arena(source->layout.bytes());
        compiler.schedule().add(backward, {{DNNL_ARG_DST, output->buffer, desc},
                                           {DNNL_ARG_DIFF_DST, gradient, desc},
                                           {DNNL_ARG_DIFF_SRC, result, desc}});
        compiler.contribute(source, result);
        compiler.reportBackward(context, implementationOf(backward), source->layout);
    });
}

} // namespace gradwright::onednn
