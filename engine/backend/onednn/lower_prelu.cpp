// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/activation.h"

namespace gradwright::onednn {

void lower(Compiler& compiler, const OpContext& context, const PreluOp& op) {
    const auto slopes = context.op.weights[0];
    auto* source = op.perChannel ? compiler.withStoredChannels(context.inputs[0], slopes)
                                 : compiler.plain(context.inputs[0]);
    const auto& layout = source->layout;
    const bool single = !op.perChannel;
    const auto length = single ? 1 : layout.channels;
    const auto real = single ? 1 : layout.shape[0];
    if (!compiler.weights().stored(slopes).isSet)
        compiler.weights().setLayout(slopes, {real}, denseDesc({length}));
    auto* weights = compiler.vectorWeight(slopes, length);
    auto* output = compiler.makeOutput(context, layout);
    output->dirtyPadding = source->dirtyPadding;
    const ChannelView view(layout);
    compiler.schedule().add({source->buffer, weights, output->buffer},
                            [=, in = source->buffer, out = output->buffer](const RunContext&) {
                                prelu(view, out->as(), in->as(), weights->as(), single);
                            });
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* result = compiler.schedule().arena(source->layout.bytes());
        const auto target = compiler.gradientTarget(slopes, denseDesc({length}));
        compiler.schedule().add({source->buffer, weights, gradient, result, target.buffer},
                                [=, in = source->buffer, sums = target.buffer](const RunContext&) {
                                    preluBackward(view, result->as(), sums->as(), in->as(),
                                                  weights->as(), gradient->as(), single);
                                });
        compiler.finishGradient(target, source->dirtyPadding);
        compiler.reportBackward(context, "own", source->layout);
        if (source->wantsGradient)
            compiler.contribute(source, result);
    });
}

} // namespace gradwright::onednn
