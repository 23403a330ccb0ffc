// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/attention.h"
#include "engine/backend/onednn/kernels/sequence.h"

#include <algorithm>
#include <vector>

namespace gradwright::onednn {

void lower(Compiler& compiler, const OpContext& context, const EmbeddingOp& op) {
    auto* numbers = compiler.plain(context.inputs[0]);
    const auto id = context.op.weights[0];
    auto* table = compiler.plainWeight(id);
    const auto layout = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, layout);
    const auto count = numbers->layout.elements();
    const auto width = sizeOf(op.dimensions);
    const auto vocabulary = sizeOf(op.vocabulary);
    compiler.schedule().add(
        {numbers->buffer, table, output->buffer},
        [=, path = context.op.path, in = numbers->buffer, out = output->buffer](const RunContext&) {
            requireEntries(path, in->as(), count, vocabulary);
            lookUp(out->as(), table->as(), in->as(), count, width);
        });
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient || !context.trains)
            return;
        const auto target = compiler.plainGradientTarget(id);
        compiler.schedule().add({numbers->buffer, gradient, target.buffer},
                                [=, in = numbers->buffer, sums = target.buffer](const RunContext&) {
                                    lookUpBackward(sums->as(), in->as(), gradient->as(), count,
                                                   width, vocabulary);
                                });
        compiler.finishGradient(target, false);
        compiler.reportBackward(context, "own", layout);
    });
}

void lower(Compiler& compiler, const OpContext& context, const PositionOp& op) {
    auto* source = compiler.plain(context.inputs[0]);
    const auto layout = source->layout;
    const auto batch = sizeOf(layout.batch);
    const auto size = layout.elements() / batch;
    Buffer* table = nullptr;
    if (op.learned) {
        table = compiler.plainWeight(context.op.weights[0]);
    } else {
        compiler.constants.emplace_back(size * sizeof(float));
        const auto values = sinusoids(layout.shape[0], layout.shape[1]);
        table = compiler.schedule().external(compiler.constants.back().bytes());
        std::ranges::transform(values, reinterpret_cast<float*>(compiler.constants.back().data()),
                               [](double value) { return static_cast<float>(value); });
    }
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add({source->buffer, table, output->buffer},
                            [=, in = source->buffer, out = output->buffer](const RunContext&) {
                                addTable(out->as(), in->as(), table->as(), batch, size);
                            });
    compiler.schedule().lastMayWriteOver(output->buffer, source->buffer);
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        if (op.learned && context.trains) {
            const auto target = compiler.plainGradientTarget(context.op.weights[0]);
            compiler.schedule().add({gradient, target.buffer},
                                    [=, sums = target.buffer](const RunContext&) {
                                        sumOfSamples(sums->as(), gradient->as(), batch, size);
                                    });
            compiler.finishGradient(target, false);
        }
        if (source->wantsGradient)
            compiler.contribute(source, gradient);
        compiler.reportBackward(context, op.learned ? "own" : "none", layout);
    });
}

void lower(Compiler& compiler, const OpContext& context, const AttentionOp& op) {
    auto* source = compiler.plain(context.inputs[0]);
    const auto layout = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, layout);
    const AttentionPlan plan{.batch = sizeOf(compiler.batch()),
                             .steps = sizeOf(layout.shape[0]),
                             .heads = sizeOf(op.heads),
                             .width = sizeOf(layout.shape[1] / op.heads),
                             .causal = op.causal,
                             .trains = output->wantsGradient};
    auto& schedule = compiler.schedule();
    // One of the two: the shares stay, the scratch is free after the pass.
    auto* shares = plan.shares() > 0 ? schedule.arena(plan.shares() * sizeof(float)) : nullptr;
    auto* scratch = shares ? nullptr : schedule.arena(plan.scratch() * sizeof(float));
    schedule.add({source->buffer, shares ? shares : scratch, output->buffer},
                 [=, in = source->buffer, out = output->buffer](const RunContext&) {
                     attend(plan, out->as(), shares ? shares->as() : nullptr,
                            scratch ? scratch->as() : nullptr, in->as());
                 });
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* own = compiler.schedule().arena(plan.backwardScratch() * sizeof(float));
        auto* result = compiler.schedule().arena(source->layout.bytes());
        std::vector<Buffer*> uses{source->buffer, gradient, own, result};
        if (shares)
            uses.push_back(shares);
        compiler.schedule().add(uses, [=, in = source->buffer](const RunContext&) {
            attendBackward(plan, result->as(), own->as(), in->as(), shares ? shares->as() : nullptr,
                           gradient->as());
        });
        compiler.contribute(source, result);
        compiler.reportBackward(context, "own", source->layout);
    });
}

} // namespace gradwright::onednn
