// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/resample.h"

namespace gradwright::onednn {
namespace {

/// The axes that change, and the shape after each, with the batch.
std::vector<std::pair<ResampleStep, Shape>> stepsOf(const ResampleOp& op, Shape shape) {
    std::vector<std::pair<ResampleStep, Shape>> steps;
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
        if (op.axes[axis].kind == AxisMap::Kind::Keep)
            continue;
        ResampleStep step;
        step.outside = static_cast<float>(op.outside);
        step.terms = termsOf(op.axes[axis], shape[axis]);
        step.in = static_cast<std::size_t>(shape[axis]);
        step.out = step.terms.begin.size() - 1;
        step.outer = 1;
        for (std::size_t before = 0; before < axis; ++before)
            step.outer *= static_cast<std::size_t>(shape[before]);
        for (auto after = axis + 1; after < shape.rank(); ++after)
            step.inner *= static_cast<std::size_t>(shape[after]);
        shape[axis] = static_cast<std::int64_t>(step.out);
        steps.emplace_back(std::move(step), shape);
    }
    return steps;
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const ResampleOp& op) {
    auto* value = compiler.plain(context.inputs[0]);
    const auto steps = stepsOf(op, value->layout.shape.withBatch(value->layout.batch));
    const auto layout = compiler.plainLayout(context.op.output());
    compiler.reportForward(context, steps.empty() ? "none" : "own", layout);
    if (steps.empty()) {
        compiler.aliasOutput(context, value, layout);
        return;
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto& [step, shape] = steps[i];
        auto* source = value;
        value = i + 1 == steps.size() ? compiler.makeOutput(context, layout)
                                      : compiler.makeIntermediate(plainLayoutOf(shape), context);
        compiler.schedule().add({source->buffer, value->buffer},
                                [step = step, in = source->buffer, out = value->buffer](
                                    const RunContext&) { resample(step, out->as(), in->as()); });
        if (!value->wantsGradient)
            continue;
        compiler.onBackward([&compiler, context, step = step, source, value] {
            auto* gradient = compiler.gradientOf(value);
            if (!gradient)
                return;
            auto* result = compiler.schedule().arena(source->layout.bytes());
            compiler.schedule().add({gradient, result}, [=](const RunContext&) {
                resampleBackward(step, result->as(), gradient->as());
            });
            compiler.contribute(source, result);
            compiler.reportBackward(context, "own", source->layout);
        });
    }
}

} // namespace gradwright::onednn
