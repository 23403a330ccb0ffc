// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/lower_recurrent.h"

#include "engine/backend/onednn/kernels/recurrent.h"
#include "engine/backend/onednn/kernels/sequence.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <memory>

namespace gradwright::onednn {
namespace {

/// The state beside the sequence; null where it is not given or not wanted.
struct EndBuffers {
    Buffer* h = nullptr;
    Buffer* c = nullptr;

    [[nodiscard]] RecurrentEnds bound() const {
        return {h ? h->as() : nullptr, c ? c->as() : nullptr};
    }
    void addTo(std::vector<Buffer*>& uses) const {
        for (auto* buffer : {h, c})
            if (buffer)
                uses.push_back(buffer);
    }
};

/// Values are gone when a program runs; their buffers are not.
struct RecurrentTensors {
    Buffer* in;
    Buffer* out;
    EndBuffers first, last;
    Buffer* turnsOfIn;
    Buffer* turnsOfOut;
    Buffer* gates;
    Buffer* memory; ///< null for a simple cell
    Buffer *input, *biasOfInput, *biasOfState;
};

/// U times the states as a schedule holds it: the primitive and the buffers that go with it.
struct Product {
    std::shared_ptr<RepeatedPrimitive> primitive;
    Buffer* weights;
    Buffer* scratchpad; ///< null where it needs none

    [[nodiscard]] StateProduct bound() const {
        return {primitive.get(), {weights->as(), scratchpad ? scratchpad->as() : nullptr}};
    }
    void addTo(std::vector<Buffer*>& uses) const {
        uses.push_back(weights);
        if (scratchpad)
            uses.push_back(scratchpad);
    }
};

/// With the weights in the layout that oneDNN multiplies fastest.
template <class Description>
Product makeProduct(Compiler& compiler, WeightId state, const Description& pd,
                    RepeatedPrimitive::Slot from, RepeatedPrimitive::Slot to) {
    const auto weights = pd.weights_desc();
    std::vector<RepeatedPrimitive::Slot> slots{
        std::move(from), std::move(to), {DNNL_ARG_WEIGHTS, weights}};
    Product product{nullptr, compiler.weightAs(state, weights), nullptr};
    const auto scratchpad = argumentDesc(pd, DNNL_ARG_SCRATCHPAD);
    if (scratchpad.get_size() > 0) {
        slots.push_back({DNNL_ARG_SCRATCHPAD, scratchpad});
        product.scratchpad = compiler.schedule().arena(scratchpad.get_size());
    }
    product.primitive = std::make_shared<RepeatedPrimitive>(pd, std::move(slots));
    return product;
}

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
    return {t.input->as(), t.biasOfInput->as(), t.biasOfState->as()};
}

RecurrentState stateOf(const RecurrentPlan& plan, const RecurrentTensors& t) {
    // What is given lies in front of what the turns make.
    const auto front = plan.isGivenState ? plan.stateSize() : 0;
    auto* memory = t.memory ? t.memory->as() : nullptr;
    return {t.turnsOfIn->as(), t.gates->as(), t.turnsOfOut->as() + front,
            plan.op.cell == CellKind::Lstm ? memory + front : memory};
}

/// The values of the op: the sequence, then h and an LSTM's c where they are.
struct RecurrentSides {
    std::vector<Lowered*> inputs, outputs;

    [[nodiscard]] EndBuffers last() const { return endsOf(outputs); }
    [[nodiscard]] EndBuffers first() const { return endsOf(inputs); }
    [[nodiscard]] bool wantsGradient() const {
        return std::ranges::any_of(outputs, &Lowered::wantsGradient);
    }

private:
    static EndBuffers endsOf(const std::vector<Lowered*>& values) {
        return {values.size() > 1 ? values[1]->buffer : nullptr,
                values.size() > 2 ? values[2]->buffer : nullptr};
    }
};

void emitBackward(Compiler& compiler, const OpContext& context, const RecurrentPlan& plan,
                  const RecurrentTensors& t, const DenseForward& hint,
                  const RecurrentSides& sides) {
    auto* gradient = compiler.gradientOf(sides.outputs[0]);
    if (!gradient)
        return;
    EndBuffers received;
    if (sides.outputs.size() > 1)
        received.h = compiler.gradientOf(sides.outputs[1]);
    if (sides.outputs.size() > 2)
        received.c = compiler.gradientOf(sides.outputs[2]);
    auto& schedule = compiler.schedule();
    const auto pd = denseBackwardData(hint.src_desc(), anyDesc(dimsOf(hint.weights_desc())),
                                      hint.dst_desc(), hint);
    if (!pd)
        throw Error("oneDNN has no backward product for {}", context.op.path);
    const auto product =
        makeProduct(compiler, context.op.weights[1], pd, {DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                    {DNNL_ARG_DIFF_SRC, pd.diff_src_desc()});
    auto* carry = schedule.arena(3 * plan.stateSize() * sizeof(float));
    auto* terms = plan.op.cell == CellKind::Gru
                      ? schedule.arena(plan.batch * plan.rows() * sizeof(float))
                      : nullptr;
    std::array<Buffer*, 3> results{};
    for (std::size_t i = 0; i < sides.inputs.size(); ++i)
        if (sides.inputs[i]->wantsGradient)
            results[i] = schedule.arena(sides.inputs[i]->layout.bytes());
    const EndBuffers first{results[1], results[2]};
    std::vector<Compiler::GradientTarget> targets;
    for (const auto id : context.op.weights)
        targets.push_back(compiler.plainGradientTarget(id));
    std::vector<Buffer*> uses{t.turnsOfIn, t.turnsOfOut, t.gates, t.input, gradient, carry};
    product.addTo(uses);
    received.addTo(uses);
    first.addTo(uses);
    for (const auto& target : targets)
        uses.push_back(target.buffer);
    for (auto* optional : {results[0], t.memory, terms})
        if (optional)
            uses.push_back(optional);
    auto* biasOfInput = plan.op.bias ? targets[2].buffer : nullptr;
    auto* biasOfState = plan.op.bias ? targets[3].buffer : nullptr;
    schedule.add(uses, [=, result = results[0], input = targets[0].buffer,
                        state = targets[1].buffer](const RunContext&) {
        const RecurrentGradients gradients{result ? result->as() : nullptr,
                                           first.bound(),
                                           input->as(),
                                           state->as(),
                                           biasOfInput ? biasOfInput->as() : nullptr,
                                           biasOfState ? biasOfState->as() : nullptr};
        recurBackward(plan, gradients, stateOf(plan, t),
                      {carry->as(), terms ? terms->as() : nullptr}, weightsOf(t), product.bound(),
                      {gradient->as(), received.bound()});
    });
    for (const auto& target : targets)
        compiler.finishGradient(target, false);
    compiler.reportBackward(context, "own, " + implementationOf(pd), sides.inputs[0]->layout);
    for (std::size_t i = 0; i < sides.inputs.size(); ++i)
        if (results[i])
            compiler.contribute(sides.inputs[i], results[i]);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const RecurrentOp& op) {
    if (!op.isPlain())
        return lowerVariant(compiler, context, op);
    RecurrentSides sides;
    for (auto* input : context.inputs)
        sides.inputs.push_back(compiler.plain(input));
    const auto in = compiler.graph().type(context.op.inputs[0]).shapeFor(compiler.batch());
    const auto batch = in[op.batchAxis()];
    const RecurrentPlan plan{op, sizeOf(batch), sizeOf(in[op.timeAxis()]), sizeOf(in[2]),
                             sides.inputs.size() > 1};
    const auto& ids = context.op.weights;
    auto& schedule = compiler.schedule();
    const auto rows = static_cast<std::int64_t>(plan.rows());
    RecurrentTensors t{};
    t.input = compiler.plainWeight(ids[0]);
    compiler.plainWeight(ids[1]); // as it is kept
    const auto pd = denseForward(compiler.forwardKind(), denseDesc({batch, op.units}),
                                 anyDesc({rows, op.units}), {}, denseDesc({batch, rows}), nullptr);
    if (!pd)
        throw Error("oneDNN has no product for {} with {} units", context.op.path, op.units);
    const auto product = makeProduct(compiler, ids[1], pd, {DNNL_ARG_SRC, pd.src_desc()},
                                     {DNNL_ARG_DST, pd.dst_desc()});
    t.biasOfInput = op.bias ? compiler.plainWeight(ids[2]) : zeros(compiler, plan.rows());
    t.biasOfState = op.bias ? compiler.plainWeight(ids[3]) : t.biasOfInput;
    if (op.bias && op.cell != CellKind::Gru)
        t.biasOfInput = sumOf(compiler, t.biasOfInput, t.biasOfState);
    const auto states = plan.keptStates() * sizeof(float);
    t.turnsOfIn = schedule.arena(sides.inputs[0]->layout.bytes());
    t.turnsOfOut = schedule.arena(states);
    t.gates = schedule.arena(plan.batch * plan.steps * plan.rows() * sizeof(float));
    t.memory = op.cell == CellKind::Simple ? nullptr : schedule.arena(states);
    auto* terms = schedule.arena(plan.batch * plan.rows() * sizeof(float));
    for (std::size_t i = 0; i < context.op.outputs.size(); ++i)
        sides.outputs.push_back(
            compiler.makeOutput(context, compiler.plainLayout(context.op.outputs[i]), false, i));
    t.in = sides.inputs[0]->buffer;
    t.out = sides.outputs[0]->buffer;
    t.first = sides.first();
    t.last = sides.last();
    std::vector<Buffer*> uses{t.in,    t.out,         t.turnsOfIn,   t.turnsOfOut, t.gates,
                              t.input, t.biasOfInput, t.biasOfState, terms};
    product.addTo(uses);
    t.first.addTo(uses);
    t.last.addTo(uses);
    if (t.memory)
        uses.push_back(t.memory);
    schedule.add(uses, [=](const RunContext&) {
        recur(plan, {t.in->as(), t.out->as(), t.first.bound(), t.last.bound()}, stateOf(plan, t),
              weightsOf(t), product.bound(), terms->as());
    });
    compiler.reportForward(context, "own, " + implementationOf(pd), sides.outputs[0]->layout);
    if (sides.wantsGradient())
        compiler.onBackward(
            [=, &compiler] { emitBackward(compiler, context, plan, t, pd, sides); });
}

} // namespace gradwright::onednn
