// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/recurrent.h"
#include "engine/backend/onednn/kernels/sequence.h"
#include "engine/support/error.h"

#include <memory>

namespace gradwright::onednn {
namespace {

/// Values are gone when a program runs; their buffers are not.
struct RecurrentTensors {
    Buffer* out;
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

RecurrentState stateOf(const RecurrentTensors& t) {
    return {t.turnsOfIn->as(), t.gates->as(), t.turnsOfOut->as(),
            t.memory ? t.memory->as() : nullptr};
}

void emitBackward(Compiler& compiler, const OpContext& context, const RecurrentPlan& plan,
                  const RecurrentTensors& t, const DenseForward& hint, Lowered* source,
                  Lowered* output) {
    auto* gradient = compiler.gradientOf(output);
    if (!gradient)
        return;
    auto& schedule = compiler.schedule();
    const auto pd = denseBackwardData(hint.src_desc(), anyDesc(dimsOf(hint.weights_desc())),
                                      hint.dst_desc(), hint);
    if (!pd)
        throw Error("oneDNN has no backward product for {}", context.op.path);
    const auto product =
        makeProduct(compiler, context.op.weights[1], pd, {DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                    {DNNL_ARG_DIFF_SRC, pd.diff_src_desc()});
    auto* carry = schedule.arena(3 * plan.batch * plan.units() * sizeof(float));
    auto* terms = plan.op.cell == CellKind::Gru
                      ? schedule.arena(plan.batch * plan.rows() * sizeof(float))
                      : nullptr;
    auto* result = source->wantsGradient ? schedule.arena(source->layout.bytes()) : nullptr;
    std::vector<Compiler::GradientTarget> targets;
    for (const auto id : context.op.weights)
        targets.push_back(compiler.plainGradientTarget(id));
    std::vector<Buffer*> uses{t.turnsOfIn, t.turnsOfOut, t.gates, t.input, gradient, carry};
    product.addTo(uses);
    for (const auto& target : targets)
        uses.push_back(target.buffer);
    for (auto* optional : {result, t.memory, terms})
        if (optional)
            uses.push_back(optional);
    auto* biasOfInput = plan.op.bias ? targets[2].buffer : nullptr;
    auto* biasOfState = plan.op.bias ? targets[3].buffer : nullptr;
    schedule.add(uses, [=, input = targets[0].buffer,
                        state = targets[1].buffer](const RunContext&) {
        const RecurrentGradients gradients{result ? result->as() : nullptr, input->as(),
                                           state->as(), biasOfInput ? biasOfInput->as() : nullptr,
                                           biasOfState ? biasOfState->as() : nullptr};
        recurBackward(plan, gradients, stateOf(t), {carry->as(), terms ? terms->as() : nullptr},
                      weightsOf(t), product.bound(), gradient->as());
    });
    for (const auto& target : targets)
        compiler.finishGradient(target, false);
    compiler.reportBackward(context, "own, " + implementationOf(pd), source->layout);
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
    const auto rows = static_cast<std::int64_t>(plan.rows());
    RecurrentTensors t{};
    t.input = compiler.plainWeight(ids[0]);
    compiler.plainWeight(ids[1]); // as it is kept
    const auto pd =
        denseForward(compiler.forwardKind(), denseDesc({compiler.batch(), op.units}),
                     anyDesc({rows, op.units}), {}, denseDesc({compiler.batch(), rows}), nullptr);
    if (!pd)
        throw Error("oneDNN has no product for {} with {} units", context.op.path, op.units);
    const auto product = makeProduct(compiler, ids[1], pd, {DNNL_ARG_SRC, pd.src_desc()},
                                     {DNNL_ARG_DST, pd.dst_desc()});
    t.biasOfInput = op.bias ? compiler.plainWeight(ids[2]) : zeros(compiler, plan.rows());
    t.biasOfState = op.bias ? compiler.plainWeight(ids[3]) : t.biasOfInput;
    if (op.bias && op.cell != CellKind::Gru)
        t.biasOfInput = sumOf(compiler, t.biasOfInput, t.biasOfState);
    t.turnsOfIn = schedule.arena(source->layout.bytes());
    t.turnsOfOut = schedule.arena(layout.bytes());
    t.gates = schedule.arena(plan.batch * plan.steps * plan.rows() * sizeof(float));
    t.memory = op.cell == CellKind::Simple ? nullptr : schedule.arena(layout.bytes());
    auto* terms = schedule.arena(plan.batch * plan.rows() * sizeof(float));
    auto* output = compiler.makeOutput(context, layout);
    t.out = output->buffer;
    std::vector<Buffer*> uses{source->buffer, t.out,         t.turnsOfIn,   t.turnsOfOut, t.gates,
                              t.input,        t.biasOfInput, t.biasOfState, terms};
    product.addTo(uses);
    if (t.memory)
        uses.push_back(t.memory);
    schedule.add(uses, [=, from = source->buffer](const RunContext&) {
        recur(plan, t.out->as(), stateOf(t), from->as(), weightsOf(t), product.bound(),
              terms->as());
    });
    compiler.reportForward(context, "own, " + implementationOf(pd), layout);
    if (output->wantsGradient)
        compiler.onBackward(
            [=, &compiler] { emitBackward(compiler, context, plan, t, pd, source, output); });
}

} // namespace gradwright::onednn
