// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/normalize.h"

namespace gradwright::onednn {
namespace {

NormalizePlan planOf(const NormalizeOp& op, std::int64_t batch, const Shape& shape) {
    std::int64_t span = 1;
    for (auto axis = sizeOf(op.axis - 1); axis < shape.rank(); ++axis)
        span *= shape[axis];
    const auto positions = shape.elements() / shape[0];
    NormalizePlan plan;
    plan.size = sizeOf(span / op.groups);
    plan.groups = sizeOf(batch * shape.elements() / (span / op.groups));
    plan.run = op.perChannel ? sizeOf(positions) : 1;
    plan.weights = op.perChannel ? sizeOf(shape[0]) : sizeOf(span);
    plan.centre = op.centre;
    plan.epsilon = static_cast<float>(op.epsilon);
    return plan;
}

struct NormalizeTensors {
    Lowered* source;
    Lowered* output;
    Buffer* mean;
    Buffer* inverse;
    std::optional<WeightId> scale, shift;
    Buffer* scaleBuffer = nullptr;
};

void emitBackward(Compiler& compiler, const OpContext& context, const NormalizePlan& plan,
                  const NormalizeTensors& t) {
    auto* gradient = compiler.gradientOf(t.output);
    if (!gradient)
        return;
    auto& schedule = compiler.schedule();
    const auto targetOf = [&](std::optional<WeightId> id) {
        return id && context.trains ? std::optional(compiler.gradientTarget(
                                          *id, compiler.weights().stored(*id).desc))
                                    : std::nullopt;
    };
    const auto scale = targetOf(t.scale);
    const auto shift = targetOf(t.shift);
    if (scale || shift) {
        auto* scaleTo = scale ? scale->buffer : nullptr;
        auto* shiftTo = shift ? shift->buffer : nullptr;
        std::vector<Buffer*> uses{t.source->buffer, t.mean, t.inverse, gradient};
        for (auto* buffer : {scaleTo, shiftTo})
            if (buffer)
                uses.push_back(buffer);
        schedule.add(uses, [=, in = t.source->buffer](const RunContext&) {
            normalizeWeightGradients(plan, scaleTo ? scaleTo->as() : nullptr,
                                     shiftTo ? shiftTo->as() : nullptr, in->as(), t.mean->as(),
                                     t.inverse->as(), gradient->as());
        });
        for (const auto& target : {scale, shift})
            if (target)
                compiler.finishGradient(*target, false);
    }
    compiler.reportBackward(context, "own", t.source->layout);
    if (!t.source->wantsGradient)
        return;
    auto* result = schedule.arena(t.source->layout.bytes());
    std::vector<Buffer*> uses{t.source->buffer, t.mean, t.inverse, gradient, result};
    if (t.scaleBuffer)
        uses.push_back(t.scaleBuffer);
    schedule.add(uses, [=, in = t.source->buffer](const RunContext&) {
        normalizeBackward(plan, result->as(), in->as(), t.mean->as(), t.inverse->as(),
                          t.scaleBuffer ? t.scaleBuffer->as() : nullptr, gradient->as());
    });
    compiler.contribute(t.source, result);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const NormalizeOp& op) {
    auto* source = compiler.plain(context.inputs[0]);
    const auto& layout = source->layout;
    const auto plan = planOf(op, compiler.batch(), layout.shape);
    auto& schedule = compiler.schedule();
    NormalizeTensors tensors{source,
                             compiler.makeOutput(context, layout),
                             schedule.arena(plan.groups * sizeof(float)),
                             schedule.arena(plan.groups * sizeof(float)),
                             {},
                             {}};
    std::vector<Buffer*> uses{source->buffer, tensors.output->buffer, tensors.mean,
                              tensors.inverse};
    const auto take = [&](std::size_t index) {
        const auto id = context.op.weights[index];
        if (!compiler.weights().stored(id).isSet) {
            const auto dims = compiler.graph().weight(id).shape.dims();
            compiler.weights().setLayout(id, dims, denseDesc(dims));
        }
        auto* buffer = compiler.weightAs(id, denseDesc(compiler.graph().weight(id).shape.dims()));
        uses.push_back(buffer);
        return buffer;
    };
    if (op.scale) {
        tensors.scale = context.op.weights[0];
        tensors.scaleBuffer = take(0);
    }
    Buffer* shift = nullptr;
    if (op.shift) {
        tensors.shift = context.op.weights[op.scale ? 1 : 0];
        shift = take(op.scale ? 1 : 0);
    }
    schedule.add(uses, [=, in = source->buffer, out = tensors.output->buffer](const RunContext&) {
        normalize(plan, out->as(), tensors.mean->as(), tensors.inverse->as(), in->as(),
                  tensors.scaleBuffer ? tensors.scaleBuffer->as() : nullptr,
                  shift ? shift->as() : nullptr);
    });
    compiler.reportForward(context, "own", layout);
    if (tensors.output->wantsGradient)
        compiler.onBackward([=, &compiler] { emitBackward(compiler, context, plan, tensors); });
}

void lower(Compiler& compiler, const OpContext& context, const LocalResponseNormOp& op) {
    auto* source = compiler.plain(context.inputs[0]);
    const auto& layout = source->layout;
    const ResponsePlan plan{sizeOf(layout.batch), sizeOf(layout.channels),
                            sizeOf(layout.positions()), op};
    auto* denominators = compiler.schedule().arena(layout.bytes());
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add({source->buffer, output->buffer, denominators},
                            [=, in = source->buffer, out = output->buffer](const RunContext&) {
                                normalizeResponse(plan, out->as(), denominators->as(), in->as());
                            });
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* scratch = compiler.schedule().arena(source->layout.bytes());
        auto* result = compiler.schedule().arena(source->layout.bytes());
        compiler.schedule().add({source->buffer, denominators, gradient, scratch, result},
                                [=, in = source->buffer](const RunContext&) {
                                    normalizeResponseBackward(plan, result->as(), scratch->as(),
                                                              in->as(), denominators->as(),
                                                              gradient->as());
                                });
        compiler.contribute(source, result);
        compiler.reportBackward(context, "own", source->layout);
    });
}

} // namespace gradwright::onednn
