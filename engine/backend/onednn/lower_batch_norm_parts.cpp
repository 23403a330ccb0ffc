// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/batch_norm.h"
#include "engine/backend/onednn/lower_batch_norm.h"

#include <cmath>

namespace gradwright::onednn {
namespace {

/// A batch normalization in training whose batch is computed in parts: oneDNN's would take the
/// statistics of its part alone. The parts meet once in each pass.
struct PartNorm {
    ChannelView view;
    Buffer* in;
    Buffer* out;
    Buffer* mean;    ///< the mean of the whole batch
    Buffer* inverse; ///< 1 / √(variance + ε)
    Buffer* factor;  ///< scale · inverse
    Buffer* shift;
    bool relu;

    [[nodiscard]] ChannelNorm norm() const { return {mean->as(), factor->as(), shift->as(), relu}; }
};

void emitGradient(Compiler& compiler, const OpContext& context, const PartNorm& tensors,
                  Lowered* source, Lowered* output) {
    auto* gradient = compiler.gradientOf(output);
    if (!gradient)
        return;
    auto& schedule = compiler.schedule();
    const auto channels = tensors.view.channels();
    const auto bytes = channels * sizeof(float);
    auto& meeting = compiler.channelMeeting(ChannelMeeting::Kind::GradientSums, channels,
                                            tensors.view.positions);
    schedule.add({tensors.in, gradient, tensors.mean, tensors.factor, tensors.shift},
                 [=, own = meeting.place(compiler.part())](const RunContext&) {
                     channelGradientSums(tensors.view, tensors.norm(), own, tensors.in->as(),
                                         gradient->as());
                 });
    compiler.reportBackward(context, "own", source->layout);
    compiler.meet(meeting);

    auto* sums = schedule.arena(2 * bytes);
    auto* centre = schedule.arena(bytes);
    auto* slope = schedule.arena(bytes);
    schedule.add({sums, centre, slope, tensors.inverse}, [=, told = &meeting](const RunContext&) {
        combineGradientSums(channels, told->all(), sums->as());
        const auto share = static_cast<float>(1 / told->count());
        const auto* inverse = tensors.inverse->as();
        for (std::size_t c = 0; c < channels; ++c) {
            centre->as()[c] = share * sums->as()[c];
            slope->as()[c] = share * inverse[c] * inverse[c] * sums->as()[channels + c];
        }
    });
    if (compiler.part() == 0) { // for all parts; other ranks add theirs to the gradient later
        const auto vector = denseDesc({static_cast<std::int64_t>(channels)});
        const auto scale = compiler.gradientTarget(context.op.weights[0], vector);
        const auto shift = compiler.gradientTarget(context.op.weights[1], vector);
        auto* own = schedule.arena(2 * bytes);
        schedule.add({own, tensors.inverse, scale.buffer, shift.buffer},
                     [=, told = &meeting](const RunContext&) {
                         combineGradientSums(channels, told->own(), own->as());
                         for (std::size_t c = 0; c < channels; ++c) {
                             shift.buffer->as()[c] = own->as()[c];
                             scale.buffer->as()[c] =
                                 tensors.inverse->as()[c] * own->as()[channels + c];
                         }
                     });
        compiler.finishGradient(scale, false);
        compiler.finishGradient(shift, false);
    }
    if (!source->wantsGradient)
        return;
    auto* result = schedule.arena(source->layout.bytes());
    schedule.add(
        {tensors.in, gradient, result, tensors.mean, tensors.factor, tensors.shift, centre, slope},
        [=](const RunContext&) {
            channelGradient(tensors.view, tensors.norm(), centre->as(), slope->as(), result->as(),
                            tensors.in->as(), gradient->as());
        });
    schedule.lastMayWriteOver(result, gradient);
    compiler.contribute(source, result);
}

} // namespace

void lowerInParts(Compiler& compiler, const OpContext& context, const BatchNormOp& op,
                  Lowered* source) {
    auto& schedule = compiler.schedule();
    const auto& layout = source->layout;
    const ChannelView view(layout);
    const auto channels = view.channels();
    const auto bytes = channels * sizeof(float);
    auto& meeting =
        compiler.channelMeeting(ChannelMeeting::Kind::Moments, channels, view.positions);
    schedule.add({source->buffer},
                 [view, own = meeting.place(compiler.part()),
                  in = source->buffer](const RunContext&) { channelMoments(view, own, in->as()); });
    compiler.meet(meeting);

    auto* output = compiler.makeOutput(context, layout);
    PartNorm tensors{view,
                     source->buffer,
                     output->buffer,
                     schedule.arena(bytes),
                     schedule.arena(bytes),
                     schedule.arena(bytes),
                     compiler.vectorWeight(context.op.weights[1], layout.channels),
                     context.fused != nullptr};
    // The gradient looks at the ReLU itself.
    output->derivativeApplied = context.fused != nullptr;
    auto* variance = schedule.arena(bytes);
    auto* scale = compiler.vectorWeight(context.op.weights[0], layout.channels);
    for (auto* buffer : {tensors.mean, variance, tensors.inverse, tensors.factor})
        schedule.keep(buffer); // running the forward pass again does not ask the parts again
    schedule.add({tensors.mean, variance, tensors.inverse, tensors.factor, scale},
                 [=, told = &meeting, epsilon = static_cast<float>(op.epsilon)](const RunContext&) {
                     combineMoments(channels, told->all(), tensors.mean->as(), variance->as());
                     for (std::size_t c = 0; c < channels; ++c) {
                         const float inverse = 1.0F / std::sqrt(variance->as()[c] + epsilon);
                         tensors.inverse->as()[c] = inverse;
                         tensors.factor->as()[c] = inverse * scale->as()[c];
                     }
                 });
    schedule.add({source->buffer, output->buffer, tensors.mean, tensors.factor, tensors.shift},
                 [tensors](const RunContext&) {
                     normalizeChannels(tensors.view, tensors.norm(), tensors.out->as(),
                                       tensors.in->as());
                 });
    schedule.lastMayWriteOver(output->buffer, source->buffer);
    compiler.reportForward(context, "own", layout);
    if (compiler.part() == 0)
        compiler.statistics.push_back({tensors.mean, variance, context.op.weights[2],
                                       context.op.weights[3], static_cast<float>(op.momentum),
                                       unbiasingFactor(meeting.count()), &meeting});
    if (output->wantsGradient)
        compiler.onBackward([&compiler, context, tensors, source, output] {
            emitGradient(compiler, context, tensors, source, output);
        });
}

} // namespace gradwright::onednn
