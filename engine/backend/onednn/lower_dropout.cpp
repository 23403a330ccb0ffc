// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/dropout.h"

namespace gradwright::onednn {

void lower(Compiler& compiler, const OpContext& context, const DropoutOp& op) {
    auto* source = context.inputs[0];
    const auto layout = source->layout;
    if (!compiler.trainingMode() || op.rate <= 0) {
        compiler.aliasOutput(context, source, layout);
        compiler.reportForward(context, "none", layout);
        return;
    }
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
                     drawDropout(op, run.seed, layout, drawn->as<std::uint8_t>(), mask);
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
