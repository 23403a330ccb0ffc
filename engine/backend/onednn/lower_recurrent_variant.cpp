// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/recurrent_variants.h"
#include "engine/backend/onednn/lower_recurrent.h"
#include "engine/backend/onednn/numbers.h"

namespace gradwright::onednn {
namespace {

/// Buffers of what may be missing.
struct VariantBuffers {
    Buffer *in, *out;
    Buffer *firstH, *firstC, *lastH, *lastC;
    Buffer* lengths;
    Buffer *input, *state, *biasOfInput, *biasOfState, *peepholes;
    Buffer *fromInput, *terms, *h, *c, *reset;
};

float* floatsOf(Buffer* buffer) {
    return buffer ? buffer->as() : nullptr;
}

Buffer* zeroBias(Compiler& compiler, std::size_t count) {
    compiler.constants.emplace_back(count * sizeof(float));
    return compiler.schedule().external(compiler.constants.back().bytes());
}

} // namespace

void lowerVariant(Compiler& compiler, const OpContext& context, const RecurrentOp& op) {
    const auto inputs = allNumbers(compiler, context);
    const auto in = shapeOf(compiler, context.op.inputs[0]);
    const auto states = inputs.size() - 1 - (op.lengths ? 1 : 0);
    const RecurrentPlan plan{op, sizeOf(in[op.batchAxis()]), sizeOf(in[op.timeAxis()]),
                             sizeOf(in[2]), states > 0};
    auto& schedule = compiler.schedule();
    const auto room = [&](std::size_t floats) { return schedule.arena(floats * sizeof(float)); };
    const auto& ids = context.op.weights;
    VariantBuffers t{};
    t.in = inputs[0]->buffer;
    t.firstH = states > 0 ? inputs[1]->buffer : nullptr;
    t.firstC = states > 1 ? inputs[2]->buffer : nullptr;
    t.lengths = op.lengths ? inputs.back()->buffer : nullptr;
    t.input = compiler.plainWeight(ids[0]);
    t.state = compiler.plainWeight(ids[1]);
    t.biasOfInput = op.bias ? compiler.plainWeight(ids[2]) : zeroBias(compiler, plan.rows());
    t.biasOfState = op.bias ? compiler.plainWeight(ids[3]) : t.biasOfInput;
    t.peepholes = op.peepholes ? compiler.plainWeight(ids.back()) : nullptr;
    t.fromInput = room(plan.batch * plan.steps * plan.rows());
    t.terms = room(plan.batch * plan.rows());
    t.h = room(plan.stateSize());
    t.c = op.cell == CellKind::Lstm ? room(plan.stateSize()) : nullptr;
    t.reset = op.resetFirst ? room(plan.stateSize()) : nullptr;
    std::vector<Lowered*> outputs;
    for (std::size_t i = 0; i < context.op.outputs.size(); ++i)
        outputs.push_back(
            compiler.makeOutput(context, compiler.plainLayout(context.op.outputs[i]), false, i));
    t.out = outputs[0]->buffer;
    t.lastH = outputs.size() > 1 ? outputs[1]->buffer : nullptr;
    t.lastC = outputs.size() > 2 ? outputs[2]->buffer : nullptr;
    std::vector<Buffer*> uses;
    for (auto* buffer :
         {t.in, t.out, t.firstH, t.firstC, t.lastH, t.lastC, t.lengths, t.input, t.state,
          t.biasOfInput, t.biasOfState, t.peepholes, t.fromInput, t.terms, t.h, t.c, t.reset})
        if (buffer)
            uses.push_back(buffer);
    schedule.add(uses, [=, path = context.op.path](const RunContext&) {
        recurVariant(
            plan, path,
            {t.in->as(),
             t.out->as(),
             {floatsOf(t.firstH), floatsOf(t.firstC)},
             {floatsOf(t.lastH), floatsOf(t.lastC)}},
            floatsOf(t.lengths),
            {t.input->as(), t.state->as(), t.biasOfInput->as(), t.biasOfState->as(),
             floatsOf(t.peepholes)},
            {t.fromInput->as(), t.terms->as(), t.h->as(), floatsOf(t.c), floatsOf(t.reset)});
    });
    compiler.reportForward(context, "own", outputs[0]->layout);
}

} // namespace gradwright::onednn
