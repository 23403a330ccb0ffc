// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/losses.h"

namespace gradwright::onednn {
namespace {

std::size_t features(const Lowered* value) {
    return value->layout.elements() / static_cast<std::size_t>(value->layout.batch);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const OneHotOp& op) {
    auto* classes = context.inputs[0]->buffer;
    const auto layout = Layout::plain(compiler.batch(), {op.classes});
    auto* output = compiler.makeOutput(context, layout);
    const auto batch = static_cast<std::size_t>(compiler.batch());
    const auto count = static_cast<std::size_t>(op.classes);
    compiler.schedule().add({classes, output->buffer},
                            [=, path = context.op.path, out = output->buffer](const RunContext&) {
                                requireClasses(path, classes->as<std::int32_t>(), batch, count);
                                oneHot(out->as(), classes->as<std::int32_t>(), batch, count);
                            });
    compiler.reportForward(context, "own", layout);
}

void lower(Compiler& compiler, const OpContext& context, const SoftmaxCrossEntropyOp&) {
    auto* logits = compiler.plain(context.inputs[0]);
    auto* classes = context.inputs[1]->buffer;
    const auto layout = Layout::plain(compiler.batch(), {1});
    auto* output = compiler.makeOutput(context, layout);
    const auto batch = static_cast<std::size_t>(compiler.batch());
    const auto count = features(logits);
    auto& schedule = compiler.schedule();
    // The gradient falls out of the forward pass.
    auto* residuals = output->wantsGradient ? schedule.arena(logits->layout.bytes()) : nullptr;
    std::vector<Buffer*> uses{logits->buffer, classes, output->buffer};
    if (residuals)
        uses.push_back(residuals);
    schedule.add(uses, [=, path = context.op.path, in = logits->buffer,
                        out = output->buffer](const RunContext&) {
        requireClasses(path, classes->as<std::int32_t>(), batch, count);
        softmaxCrossEntropy(in->as(), classes->as<std::int32_t>(), batch, count, out->as(),
                            residuals ? residuals->as() : nullptr);
    });
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* result = compiler.schedule().arena(logits->layout.bytes());
        compiler.schedule().add({gradient, residuals, result}, [=](const RunContext&) {
            scaleRows(result->as(), residuals->as(), gradient->as(), batch, count);
        });
        compiler.schedule().lastMayWriteOver(result, residuals);
        compiler.contribute(logits, result);
        compiler.reportBackward(context, "own", logits->layout);
    });
}

void lower(Compiler& compiler, const OpContext& context, const MeanSquaredErrorOp&) {
    auto* left = compiler.plain(context.inputs[0]);
    auto* right = compiler.plain(context.inputs[1]);
    const auto layout = Layout::plain(compiler.batch(), {1});
    auto* output = compiler.makeOutput(context, layout);
    const auto batch = static_cast<std::size_t>(compiler.batch());
    const auto size = features(left);
    compiler.schedule().add(
        {left->buffer, right->buffer, output->buffer},
        [=, a = left->buffer, b = right->buffer, out = output->buffer](const RunContext&) {
            meanSquaredError(a->as(), b->as(), batch, size, out->as());
        });
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        const auto emit = [&](Lowered* of, Buffer* a, Buffer* b) {
            if (!of->wantsGradient)
                return;
            auto* result = compiler.schedule().arena(of->layout.bytes());
            compiler.schedule().add({gradient, a, b, result}, [=](const RunContext&) {
                meanSquaredErrorGradient(result->as(), a->as(), b->as(), gradient->as(), batch,
                                         size);
            });
            compiler.contribute(of, result);
        };
        emit(left, left->buffer, right->buffer);
        emit(right, right->buffer, left->buffer);
        compiler.reportBackward(context, "own", left->layout);
    });
}

} // namespace gradwright::onednn
