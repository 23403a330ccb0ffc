// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/recurrent.h"
#include "engine/backend/onednn/kernels/sequence.h"

#include <algorithm>

namespace gradwright::onednn {
namespace {

std::size_t sizeOf(std::int64_t value) {
    return static_cast<std::size_t>(value);
}

/// A weight in row-major order.
Buffer* plainWeight(Compiler& compiler, WeightId id) {
    const auto& dims = compiler.graph().weight(id).shape.dims();
    if (!compiler.weights().stored(id).isSet)
        compiler.weights().setLayout(id, dims, denseDesc(dims));
    return compiler.weightAs(id, denseDesc(dims));
}

Compiler::GradientTarget plainTarget(Compiler& compiler, WeightId id) {
    return compiler.gradientTarget(id, denseDesc(compiler.graph().weight(id).shape.dims()));
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const EmbeddingOp& op) {
    auto* numbers = compiler.plain(context.inputs[0]);
    const auto id = context.op.weights[0];
    auto* table = plainWeight(compiler, id);
    const auto layout =
        Layout::plain(compiler.batch(), compiler.graph().type(context.op.output).shape);
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
        const auto target = plainTarget(compiler, id);
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
        table = plainWeight(compiler, context.op.weights[0]);
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
            const auto target = plainTarget(compiler, context.op.weights[0]);
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
    const auto layout =
        Layout::plain(compiler.batch(), compiler.graph().type(context.op.output).shape);
    const AttentionPlan plan{sizeOf(compiler.batch()), sizeOf(layout.shape[0]), sizeOf(op.heads),
                             sizeOf(layout.shape[1] / op.heads), op.causal};
    auto* shares = compiler.schedule().arena(plan.scores() * sizeof(float));
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add({source->buffer, shares, output->buffer},
                            [=, in = source->buffer, out = output->buffer](const RunContext&) {
                                attend(plan, out->as(), shares->as(), in->as());
                            });
    compiler.reportForward(context, "own", layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* scratch = compiler.schedule().arena(plan.scores() * sizeof(float));
        auto* result = compiler.schedule().arena(source->layout.bytes());
        compiler.schedule().add({source->buffer, shares, gradient, scratch, result},
                                [=, in = source->buffer](const RunContext&) {
                                    attendBackward(plan, result->as(), scratch->as(), in->as(),
                                                   shares->as(), gradient->as());
                                });
        compiler.contribute(source, result);
        compiler.reportBackward(context, "own", source->layout);
    });
}

namespace {

/// Values are gone when a program runs; their buffers are not.
struct RecurrentTensors {
    Buffer *in, *out;
    Buffer* gates;
    Buffer* memory; ///< null for a simple cell
    Buffer *input, *state, *biasOfInput, *biasOfState;
};

/// Cells without bias add zeros; an LSTM's and a simple cell's two biases are added once a pass.
Buffer* zeros(Compiler& compiler, std::size_t count) {
    compiler.constants.emplace_back(count * sizeof(float));
    return compiler.schedule().external(compiler.constants.back().bytes());
}

Buffer* sumOf(Compiler& compiler, Buffer* a, Buffer* b) {
    auto* sum = compiler.schedule().arena(a->bytes());
    compiler.schedule().add({a, b, sum}, [=](const RunContext&) {
        addTable(sum->as(), a->as(), b->as(), 1, a->bytes() / sizeof(float));
    });
    return sum;
}

RecurrentWeights weightsOf(const RecurrentTensors& t) {
    return {t.input->as(), t.state->as(), t.biasOfInput->as(), t.biasOfState->as()};
}

RecurrentState stateOf(const RecurrentTensors& t) {
    return {t.gates->as(), t.memory ? t.memory->as() : nullptr};
}

void emitBackward(Compiler& compiler, const OpContext& context, const RecurrentPlan& plan,
                  const RecurrentTensors& t, Lowered* source, Lowered* output) {
    auto* gradient = compiler.gradientOf(output);
    if (!gradient)
        return;
    auto& schedule = compiler.schedule();
    auto* previous = schedule.arena(output->layout.bytes());
    auto* carry = schedule.arena(2 * plan.batch * plan.units() * sizeof(float));
    auto* result = source->wantsGradient ? schedule.arena(source->layout.bytes()) : nullptr;
    std::vector<Compiler::GradientTarget> targets;
    for (const auto id : context.op.weights)
        targets.push_back(plainTarget(compiler, id));
    std::vector<Buffer*> uses{t.in, t.out, t.gates, t.input, t.state, gradient, previous, carry};
    for (const auto& target : targets)
        uses.push_back(target.buffer);
    for (auto* optional : {result, t.memory})
        if (optional)
            uses.push_back(optional);
    auto* biasOfInput = plan.op.bias ? targets[2].buffer : nullptr;
    auto* biasOfState = plan.op.bias ? targets[3].buffer : nullptr;
    schedule.add(uses, [=, input = targets[0].buffer,
                        state = targets[1].buffer](const RunContext&) {
        const RecurrentGradients gradients{result ? result->as() : nullptr, input->as(),
                                           state->as(), biasOfInput ? biasOfInput->as() : nullptr,
                                           biasOfState ? biasOfState->as() : nullptr};
        recurBackward(plan, gradients, stateOf(t), {previous->as(), carry->as()}, t.in->as(),
                      t.out->as(), weightsOf(t), gradient->as());
    });
    for (const auto& target : targets)
        compiler.finishGradient(target, false);
    compiler.reportBackward(context, "own, gemm", source->layout);
    if (result)
        compiler.contribute(source, result);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const RecurrentOp& op) {
    auto* source = compiler.plain(context.inputs[0]);
    const auto& in = source->layout.shape;
    const RecurrentPlan plan{op, sizeOf(compiler.batch()), sizeOf(in[0]), sizeOf(in[1])};
    const auto& ids = context.op.weights;
    auto& schedule = compiler.schedule();
    const auto layout = Layout::plain(compiler.batch(), {in[0], op.units});
    RecurrentTensors t{};
    t.in = source->buffer;
    t.input = plainWeight(compiler, ids[0]);
    t.state = plainWeight(compiler, ids[1]);
    t.biasOfInput = op.bias ? plainWeight(compiler, ids[2]) : zeros(compiler, plan.rows());
    t.biasOfState = op.bias ? plainWeight(compiler, ids[3]) : t.biasOfInput;
    if (op.bias && op.cell != CellKind::Gru)
        t.biasOfInput = sumOf(compiler, t.biasOfInput, t.biasOfState);
    t.gates = schedule.arena(plan.batch * plan.steps * plan.rows() * sizeof(float));
    t.memory = op.cell == CellKind::Simple ? nullptr : schedule.arena(layout.bytes());
    auto* output = compiler.makeOutput(context, layout);
    t.out = output->buffer;
    std::vector<Buffer*> uses{t.in, t.out, t.gates, t.input, t.state, t.biasOfInput, t.biasOfState};
    if (t.memory)
        uses.push_back(t.memory);
    schedule.add(uses, [=](const RunContext&) {
        recur(plan, t.out->as(), stateOf(t), t.in->as(), weightsOf(t));
    });
    compiler.reportForward(context, "own, gemm", layout);
    if (output->wantsGradient)
        compiler.onBackward(
            [=, &compiler] { emitBackward(compiler, context, plan, t, source, output); });
}

} // namespace gradwright::onednn
