// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/lower_batch_norm.h"

namespace gradwright::onednn {
namespace {

struct NormTensors {
    Lowered* source;
    Lowered* output;
    Buffer* mean;
    Buffer* variance;
    Buffer* workspace; ///< the mask of a fused ReLU, or nullptr
};

/// oneDNN's fast code takes images: a vector is an image of one pixel, what has more or fewer axes
/// one of a single column.
MemoryDesc imageDesc(const Layout& layout) {
    const auto channels = layout.channels;
    const auto positions = layout.positions();
    if (layout.shape.rank() == 3 || blockOf(layout.format) > 1)
        return layout.padded();
    const Dims dims{layout.batch, channels, positions, 1};
    if (layout.format == Format::ChannelsLast || positions == 1)
        return stridedDesc(dims, {channels * positions, 1, channels, channels});
    return denseDesc(dims);
}

void emitNormGradient(Compiler& compiler, const OpContext& context, const NormForward& forward,
                      const BatchNormOp& op, const NormTensors& tensors) {
    auto* gradient = compiler.gradientOf(tensors.output);
    if (!gradient)
        return;
    const auto desc = forward.src_desc();
    const auto pd =
        normBackward(desc, static_cast<float>(op.epsilon), context.fused != nullptr, forward);
    if (!pd)
        throw Error("oneDNN has no gradient of the normalization at {}", context.op.path);
    const auto channels = tensors.source->layout.channels;
    const auto vector = denseDesc({channels});
    auto* result = compiler.schedule().arena(tensors.source->layout.bytes());
    const auto scale = compiler.gradientTarget(context.op.weights[0], vector);
    const auto shift = compiler.gradientTarget(context.op.weights[1], vector);
    std::vector<Schedule::Argument> arguments{
        {DNNL_ARG_SRC, tensors.source->buffer, desc},
        {DNNL_ARG_DIFF_DST, gradient, desc},
        {DNNL_ARG_MEAN, tensors.mean, vector},
        {DNNL_ARG_VARIANCE, tensors.variance, vector},
        {DNNL_ARG_SCALE, compiler.vectorWeight(context.op.weights[0], channels), vector},
        {DNNL_ARG_DIFF_SRC, result, desc},
        {DNNL_ARG_DIFF_SCALE, scale.buffer, vector},
        {DNNL_ARG_DIFF_SHIFT, shift.buffer, vector}};
    if (kNormBackwardTakesShift)
        arguments.push_back(
            {DNNL_ARG_SHIFT, compiler.vectorWeight(context.op.weights[1], channels), vector});
    if (tensors.workspace)
        arguments.push_back(
            {DNNL_ARG_WORKSPACE, tensors.workspace, argumentDesc(pd, DNNL_ARG_WORKSPACE)});
    compiler.schedule().add(pd, std::move(arguments));
    compiler.finishGradient(scale, false);
    compiler.finishGradient(shift, false);
    compiler.reportBackward(context, implementationOf(pd), tensors.source->layout);
    if (tensors.source->wantsGradient)
        compiler.contribute(tensors.source, result);
}

/// Where the statistics come from: the batch (to be passed on at the update) or the running ones.
void chooseStatistics(Compiler& compiler, const OpContext& context, const BatchNormOp& op,
                      NormTensors& tensors) {
    const auto& ids = context.op.weights;
    const auto channels = tensors.source->layout.channels;
    if (!compiler.trainingMode()) {
        tensors.mean = compiler.vectorWeight(ids[2], channels);
        tensors.variance = compiler.vectorWeight(ids[3], channels);
        return;
    }
    const auto& layout = tensors.source->layout;
    const auto bytes = static_cast<std::size_t>(channels) * sizeof(float);
    tensors.mean = compiler.schedule().arena(bytes);
    tensors.variance = compiler.schedule().arena(bytes);
    if (!compiler.differentiates())
        return;
    compiler.schedule().keep(tensors.mean);
    compiler.schedule().keep(tensors.variance);
    const auto count = static_cast<double>(layout.batch * layout.positions());
    compiler.statistics.push_back({tensors.mean, tensors.variance, ids[2], ids[3],
                                   static_cast<float>(op.momentum), unbiasingFactor(count)});
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const BatchNormOp& op) {
    auto* source = compiler.withStoredChannels(context.inputs[0], context.op.weights[0]);
    const auto& layout = source->layout;
    const auto channels = layout.channels;
    const auto vector = denseDesc({channels});
    for (const auto id : context.op.weights)
        if (!compiler.weights().stored(id).isSet)
            compiler.weights().setLayout(id, {layout.shape[0]}, vector);

    if (compiler.parts() && compiler.trainingMode())
        return lowerInParts(compiler, context, op, source);

    const auto desc = imageDesc(layout);
    const bool running = !compiler.trainingMode();
    const auto kind =
        running ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training;
    const auto pd =
        normForward(kind, desc, static_cast<float>(op.epsilon), running, context.fused != nullptr);
    if (!pd)
        throw Error("oneDNN has no batch normalization for {}", context.op.path);
    NormTensors tensors{source, compiler.makeOutput(context, layout), nullptr, nullptr, nullptr};
    // The mask is in the workspace: nothing is left to do before the backward pass.
    tensors.output->derivativeApplied = context.fused != nullptr;
    chooseStatistics(compiler, context, op, tensors);
    std::vector<Schedule::Argument> arguments{
        {DNNL_ARG_SRC, source->buffer, desc},
        {DNNL_ARG_MEAN, tensors.mean, vector},
        {DNNL_ARG_VARIANCE, tensors.variance, vector},
        {DNNL_ARG_SCALE, compiler.vectorWeight(context.op.weights[0], channels), vector},
        {DNNL_ARG_SHIFT, compiler.vectorWeight(context.op.weights[1], channels), vector},
        {DNNL_ARG_DST, tensors.output->buffer, desc}};
    const auto workspace = argumentDesc(pd, DNNL_ARG_WORKSPACE);
    if (workspace.get_size() > 0) {
        tensors.workspace = compiler.schedule().arena(workspace.get_size());
        arguments.push_back({DNNL_ARG_WORKSPACE, tensors.workspace, workspace});
    }
    compiler.schedule().add(pd, std::move(arguments));
    compiler.schedule().lastMayWriteOver(tensors.output->buffer, source->buffer);
    compiler.reportForward(context, implementationOf(pd), layout);
    if (tensors.output->wantsGradient)
        compiler.onBackward([&compiler, context, pd, op, tensors] {
            emitNormGradient(compiler, context, pd, op, tensors);
        });
}

} // namespace gradwright::onednn
