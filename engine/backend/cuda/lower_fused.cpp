// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/axes.h"
#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/cuda/lower.h"

namespace gradwright::cuda {
namespace {

using Family = FusedStep::Family;

template <class Kind>
ScaledFunction scaled(Kind kind, double scale = 1, double shift = 0, double a = 0, double b = 0) {
    return {static_cast<std::int32_t>(kind), static_cast<float>(scale), static_cast<float>(shift),
            static_cast<float>(a), static_cast<float>(b)};
}

/// What the kernel does for one function; a sum of several is a chain of such steps.
FusedStep stepOf(const UnaryOp& op) {
    return {.family = Family::Unary, .f = scaled(op.kind, op.scale, op.shift, op.a, op.b)};
}
FusedStep stepOf(const BinaryOp& op) {
    return {.family = Family::Binary, .f = scaled(op.kind, op.scale, op.shift)};
}
FusedStep stepOf(const CompareOp& op) {
    return {.family = Family::Compare, .f = scaled(op.comparison)};
}
FusedStep stepOf(const LogicOp& op) {
    return {.family = Family::Logic, .f = scaled(op.kind)};
}
FusedStep stepOf(const WhereOp& /*op*/) {
    return {.family = Family::Where, .f = {}};
}
FusedStep stepOf(const CastOp& op) {
    return {.family = op.to == DType::Bool ? Family::Truth : Family::Copy, .f = {}};
}
FusedStep stepOf(const ActivationOp& op) {
    return {.family = Family::Activation,
            .f = scaled(op.activation.kind, 1, 0, op.activation.alpha)};
}
FusedStep stepOf(const ActivationSlope& op) {
    return {.family = Family::ActivationSlope,
            .f = scaled(op.activation.kind, 1, 0, op.activation.alpha)};
}
FusedStep stepOf(const AddOp& /*op*/) {
    return {.family = Family::Binary, .f = scaled(BinaryKind::Add)};
}

std::vector<FusedStep> stepsOf(const FusedOp& op) {
    std::vector<FusedStep> steps;
    for (std::size_t i = 0; i < op.steps.size(); ++i) {
        const auto& [function, operands] = op.steps[i];
        auto step = std::visit([](const auto& each) { return stepOf(each); }, function);
        step.result = static_cast<std::int32_t>(op.inputs + i);
        // Logic of one operand reads it twice.
        for (std::size_t k = 0; k < 3; ++k)
            step.operands[k] =
                static_cast<std::int32_t>(operands[std::min(k, operands.size() - 1)]);
        steps.push_back(step);
        if (!std::holds_alternative<AddOp>(function))
            continue;
        step.operands[0] = step.result;
        for (std::size_t k = 2; k < operands.size(); ++k) {
            step.operands[1] = static_cast<std::int32_t>(operands[k]);
            steps.push_back(step);
        }
    }
    return steps;
}

} // namespace

void lower(Lowering& lowering, const FusedOp& op) {
    if (op.inputs > kMostFusedInputs || op.inputs + op.steps.size() > kMostFusedRegisters)
        throw Error("{}: a fused op of {} inputs and {} steps is too large for a GPU's kernel",
                    lowering.op().path, op.inputs, op.steps.size());
    const auto out = lowering.outputShape();
    std::vector<std::vector<std::int64_t>> strides;
    for (std::size_t i = 0; i < op.inputs; ++i)
        strides.push_back(broadcastStrides(lowering.inputShape(i), out));
    const ElementLoop loop(out, std::move(strides));
    FusedProgram program;
    for (std::size_t i = 0; i < op.inputs; ++i) {
        const bool isIndices = lowering.isFedAsIndices(i);
        const void* data = isIndices ? static_cast<const void*>(lowering.indices(i))
                                     : static_cast<const void*>(lowering.input(i));
        program.input[i] = loop.operand(i, data, isIndices);
    }
    const auto steps = stepsOf(op);
    std::vector<FusedResult> results;
    for (std::size_t i = 0; i < op.results.size(); ++i)
        results.push_back({lowering.output(i), static_cast<std::int32_t>(op.results[i])});
    program.step = lowering.table(steps);
    program.result = lowering.table(results);
    program.inputs = static_cast<std::int32_t>(op.inputs);
    program.steps = static_cast<std::int32_t>(steps.size());
    program.results = static_cast<std::int32_t>(results.size());
    auto& launched = lowering.launch(kernel::runFused, Lowering::forElements(loop.axes().elements),
                                     program, loop.axes());
    // They are in a table of the device's.
    launched.cost.written += results.size() * loop.axes().elements * sizeof(float);
}

} // namespace gradwright::cuda
