// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/comparisons.h"
#include "engine/backend/onednn/kernels/losses.h"

#include <memory>
#include <vector>

namespace gradwright::onednn {
namespace {

std::size_t features(const Lowered* value) {
    return value->layout.elements() / static_cast<std::size_t>(value->layout.batch);
}

/// The classes that a batch brings; those that ops compute are real numbers.
Buffer* fedClasses(const OpContext& context, std::size_t input) {
    if (!context.inputs[input]->isClass)
        throw Error("{}: class indices have to be an input of the network; computed ones are real "
                    "numbers",
                    context.op.path);
    return context.inputs[input]->buffer;
}

/// A loss with one number per row, whose gradient falls out of the forward pass: `row(prediction,
/// losses, residuals)` writes both for the whole batch, `residuals` being null where no gradient is
/// wanted.
template <class Row>
void addRowLoss(Compiler& compiler, const OpContext& context, Lowered* prediction, Buffer* target,
                Row row) {
    const auto layout = Layout::plain(compiler.batch(), {1});
    auto* output = compiler.makeOutput(context, layout);
    const auto batch = static_cast<std::size_t>(compiler.batch());
    const auto count = features(prediction);
    auto& schedule = compiler.schedule();
    auto* residuals = output->wantsGradient ? schedule.arena(prediction->layout.bytes()) : nullptr;
    std::vector<Buffer*> uses{prediction->buffer, target, output->buffer};
    if (residuals)
        uses.push_back(residuals);
    schedule.add(uses, [=, row = std::move(row), in = prediction->buffer,
                        out = output->buffer](const RunContext&) {
        row(in->as(), out->as(), residuals ? residuals->as() : nullptr);
    });
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient || !prediction->wantsGradient)
            return;
        auto* result = compiler.schedule().arena(prediction->layout.bytes());
        compiler.schedule().add({gradient, residuals, result}, [=](const RunContext&) {
            scaleRows(result->as(), residuals->as(), gradient->as(), batch, count);
        });
        compiler.schedule().lastMayWriteOver(result, residuals);
        compiler.contribute(prediction, result);
        compiler.reportBackward(context, "own", prediction->layout);
    });
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const OneHotOp& op) {
    auto* classes = fedClasses(context, 0);
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

void lower(Compiler& compiler, const OpContext& context, const SoftmaxCrossEntropyOp& op) {
    auto* logits = compiler.plain(context.inputs[0]);
    const bool ofClasses = compiler.graph().type(context.op.inputs[1]).element == DType::I32;
    auto* target = ofClasses ? fedClasses(context, 1) : compiler.plain(context.inputs[1])->buffer;
    const auto batch = static_cast<std::size_t>(compiler.batch());
    const auto count = static_cast<std::size_t>(logits->layout.shape.dims().back());
    const auto steps = features(logits) / count;
    const bool plain = op == SoftmaxCrossEntropyOp{} && ofClasses;
    CrossEntropyTerms terms{static_cast<float>(op.labelSmoothing),
                            static_cast<float>(op.focusing),
                            {op.classWeights.begin(), op.classWeights.end()}};
    const auto rowLosses =
        std::make_shared<std::vector<float>>(steps > 1 ? batch * steps : std::size_t{0});
    addRowLoss(compiler, context, logits, target,
               [=, path = context.op.path, given = target](const float* prediction, float* losses,
                                                           float* residuals) {
                   const auto* classes = ofClasses ? given->as<std::int32_t>() : nullptr;
                   const auto rows = batch * steps;
                   if (ofClasses)
                       requireClasses(path, classes, rows, count);
                   auto* const perRow = steps == 1 ? losses : rowLosses->data();
                   if (plain)
                       softmaxCrossEntropy(prediction, classes, rows, count, perRow, residuals);
                   else
                       weightedCrossEntropy(terms, prediction, classes,
                                            ofClasses ? nullptr : given->as(), rows, count, perRow,
                                            residuals);
                   if (steps > 1)
                       averageSteps(perRow, batch, steps, losses, residuals, count);
               });
}

void lower(Compiler& compiler, const OpContext& context, const ElementLossOp& op) {
    auto* prediction = compiler.plain(context.inputs[0]);
    auto* target = compiler.plain(context.inputs[1]);
    const auto batch = static_cast<std::size_t>(compiler.batch());
    const auto size = features(prediction);
    addRowLoss(compiler, context, prediction, target->buffer,
               [=, given = target->buffer](const float* values, float* losses, float* residuals) {
                   elementLoss(op, values, given->as(), batch, size, losses, residuals);
               });
}

void lower(Compiler& compiler, const OpContext& context, const HingeLossOp& op) {
    auto* scores = compiler.plain(context.inputs[0]);
    auto* classes = fedClasses(context, 1);
    const auto batch = static_cast<std::size_t>(compiler.batch());
    const auto count = features(scores);
    addRowLoss(compiler, context, scores, classes,
               [=, path = context.op.path](const float* values, float* losses, float* residuals) {
                   requireClasses(path, classes->as<std::int32_t>(), batch, count);
                   hingeLoss(op, values, classes->as<std::int32_t>(), batch, count, losses,
                             residuals);
               });
}

void lower(Compiler& compiler, const OpContext& context, const CosineLossOp&) {
    auto* prediction = compiler.plain(context.inputs[0]);
    auto* target = compiler.plain(context.inputs[1]);
    const auto batch = static_cast<std::size_t>(compiler.batch());
    const auto size = features(prediction);
    addRowLoss(compiler, context, prediction, target->buffer,
               [=, given = target->buffer](const float* values, float* losses, float* residuals) {
                   cosineLoss(values, given->as(), batch, size, losses, residuals);
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
