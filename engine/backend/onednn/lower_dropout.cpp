// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/combine.h"
#include "engine/backend/onednn/kernels/dropout.h"

#include <algorithm>

namespace gradwright::onednn {
namespace {

/// A decision for each channel of each sample.
void lowerPerChannel(Compiler& compiler, const OpContext& context, const DropoutOp& op) {
    auto* source = context.inputs[0];
    const auto layout = source->layout;
    const ChannelView view(layout);
    const auto real = static_cast<std::size_t>(layout.shape[0]);
    auto& schedule = compiler.schedule();
    auto* drawn = schedule.arena(view.batch * real);
    auto* factors = schedule.arena(view.batch * view.channels() * sizeof(float));
    auto* output = compiler.makeOutput(context, layout);
    const auto scale = static_cast<float>(1.0 / (1.0 - op.rate));
    schedule.add({source->buffer, output->buffer, drawn, factors},
                 [=, in = source->buffer, out = output->buffer](const RunContext& run) {
                     auto* keep = drawn->as<std::uint8_t>();
                     dropoutKeeps(op, run.seed.seed, run.seed.step, {keep, view.batch * real},
                                  run.firstSample * real);
                     std::fill_n(factors->as(), view.batch * view.channels(), 0.0F);
                     for (std::size_t i = 0; i < view.batch * real; ++i)
                         if (keep[i] != 0)
                             factors->as()[i / real * view.channels() + i % real] = scale;
                     scaleChannels(view, out->as(), in->as(), factors->as());
                 });
    schedule.lastMayWriteOver(output->buffer, source->buffer);
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* result = compiler.schedule().arena(layout.bytes());
        compiler.schedule().add({gradient, result, factors}, [=](const RunContext&) {
            scaleChannels(view, result->as(), gradient->as(), factors->as());
        });
        compiler.schedule().lastMayWriteOver(result, gradient);
        compiler.contribute(source, result);
        compiler.reportBackward(context, "own", layout);
    });
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const GaussianNoiseOp& op) {
    auto* source = compiler.plain(context.inputs[0]);
    const auto layout = source->layout;
    if (!compiler.trainingMode() || op.deviation <= 0) {
        compiler.aliasOutput(context, source, layout);
        compiler.reportForward(context, "none", layout);
        return;
    }
    auto* output = compiler.makeOutput(context, layout);
    auto* noise = compiler.schedule().arena(layout.bytes());
    const auto elements = layout.elements();
    const auto size = elements / static_cast<std::size_t>(layout.batch);
    compiler.schedule().add({source->buffer, output->buffer, noise},
                            [=, in = source->buffer, out = output->buffer](const RunContext& run) {
                                addNoise(op, run.seed, run.firstSample * size, out->as(),
                                         noise->as(), in->as(), elements);
                            });
    compiler.schedule().lastMayWriteOver(output->buffer, source->buffer);
    compiler.reportForward(context, "own", layout);
}

void lower(Compiler& compiler, const OpContext& context, const DropoutOp& op) {
    auto* source = context.inputs[0];
    const auto layout = source->layout;
    if (!compiler.trainingMode() || op.rate <= 0) {
        compiler.aliasOutput(context, source, layout);
        compiler.reportForward(context, "none", layout);
        return;
    }
    if (op.perChannel)
        return lowerPerChannel(compiler, context, op);
    auto& schedule = compiler.schedule();
    const auto elements = layout.elements();
    const bool isPlain = sameMemory(layout, Layout::plain(layout.batch, layout.shape));
    auto* keep = schedule.arena(elements);
    auto* drawn = isPlain ? keep : schedule.arena(elements);
    auto* output = compiler.makeOutput(context, layout);
    const auto scale = static_cast<float>(1.0 / (1.0 - op.rate));
    schedule.add({source->buffer, output->buffer, keep, drawn},
                 [=, in = source->buffer, out = output->buffer](const RunContext& run) {
                     auto* mask = keep->as<std::uint8_t>();
                     drawDropout(op, run.seed, run.firstSample, layout, drawn->as<std::uint8_t>(),
                                 mask);
                     applyDropout(out->as(), in->as(), mask, scale, elements);
                 });
    schedule.lastMayWriteOver(output->buffer, source->buffer);
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* result = compiler.schedule().arena(layout.bytes());
        compiler.schedule().add({gradient, result, keep}, [=](const RunContext&) {
            applyDropout(result->as(), gradient->as(), keep->as<std::uint8_t>(), scale, elements);
        });
        compiler.schedule().lastMayWriteOver(result, gradient);
        compiler.contribute(source, result);
        compiler.reportBackward(context, "own", layout);
    });
}

} // namespace gradwright::onednn
