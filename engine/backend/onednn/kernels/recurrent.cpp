// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/recurrent.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/backend/onednn/primitives.h"
#include "engine/support/simd.h"
#include "engine/support/vector_math.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 4096; // elements

using vectored::sigmoid;
using vectored::tanh;

// One step of one sample: `gates` holds W x and gets the gates; `terms` holds U h. No array
// overlaps another; were that not said, the compiler would leave the loops scalar.

GRADWRIGHT_CLONES
void simpleStep(float* __restrict out, float* __restrict gates, const float* __restrict terms,
                const float* __restrict bias, bool relu, std::size_t units) {
    for (std::size_t u = 0; u < units; ++u) {
        const float a = gates[u] + terms[u] + bias[u];
        const float squashed = tanh(a);
        out[u] = relu ? (a > 0 ? a : 0) : squashed;
    }
}

GRADWRIGHT_CLONES
void lstmStep(float* __restrict out, float* __restrict cell, float* __restrict gates,
              const float* __restrict terms, const float* __restrict bias,
              const float* __restrict before, std::size_t units) {
    float* __restrict i = gates;
    float* __restrict f = gates + units;
    float* __restrict g = gates + 2 * units;
    float* __restrict o = gates + 3 * units;
    for (std::size_t u = 0; u < units; ++u) {
        i[u] = sigmoid(i[u] + terms[u] + bias[u]);
        f[u] = sigmoid(f[u] + terms[units + u] + bias[units + u]);
        g[u] = tanh(g[u] + terms[2 * units + u] + bias[2 * units + u]);
        o[u] = sigmoid(o[u] + terms[3 * units + u] + bias[3 * units + u]);
        cell[u] = i[u] * g[u] + (before ? f[u] * before[u] : 0);
        out[u] = o[u] * tanh(cell[u]);
    }
}

GRADWRIGHT_CLONES
void gruStep(float* __restrict out, float* __restrict fromState, float* __restrict gates,
             const float* __restrict terms, const float* __restrict bias,
             const float* __restrict biasOfState, const float* __restrict before,
             std::size_t units) {
    float* __restrict r = gates;
    float* __restrict z = gates + units;
    float* __restrict n = gates + 2 * units;
    for (std::size_t u = 0; u < units; ++u) {
        r[u] = sigmoid(r[u] + terms[u] + bias[u] + biasOfState[u]);
        z[u] = sigmoid(z[u] + terms[units + u] + bias[units + u] + biasOfState[units + u]);
        fromState[u] = terms[2 * units + u] + biasOfState[2 * units + u];
        n[u] = tanh(n[u] + bias[2 * units + u] + r[u] * fromState[u]);
        out[u] = (1.0F - z[u]) * n[u] + (before ? z[u] * before[u] : 0);
    }
}

// Backward: `gates` becomes the gradient of what was under their functions. The state's gradient is
// that of the output plus what the next step wants of it: `carry`, through U, and `direct`, which
// then gets what goes to the step before directly.

GRADWRIGHT_CLONES
void simpleStepBackward(float* __restrict gates, const float* __restrict carry,
                        const float* __restrict out, const float* __restrict gradient, bool relu,
                        std::size_t units) {
    for (std::size_t u = 0; u < units; ++u) {
        const float g = gradient[u] + carry[u];
        const float slope = 1.0F - out[u] * out[u];
        gates[u] = g * (relu ? (out[u] > 0 ? 1.0F : 0.0F) : slope);
    }
}

GRADWRIGHT_CLONES
void lstmStepBackward(float* __restrict gates, const float* __restrict carry,
                      float* __restrict cellCarry, const float* __restrict cell,
                      const float* __restrict before, const float* __restrict gradient,
                      std::size_t units) {
    float* __restrict i = gates;
    float* __restrict f = gates + units;
    float* __restrict g = gates + 2 * units;
    float* __restrict o = gates + 3 * units;
    for (std::size_t u = 0; u < units; ++u) {
        const float h = gradient[u] + carry[u];
        const float squashed = tanh(cell[u]);
        const float c = cellCarry[u] + h * o[u] * (1.0F - squashed * squashed);
        const float previous = before ? before[u] : 0;
        cellCarry[u] = c * f[u];
        const float di = c * g[u] * i[u] * (1.0F - i[u]);
        const float df = c * previous * f[u] * (1.0F - f[u]);
        const float dg = c * i[u] * (1.0F - g[u] * g[u]);
        const float dout = h * squashed * o[u] * (1.0F - o[u]);
        i[u] = di;
        f[u] = df;
        g[u] = dg;
        o[u] = dout;
    }
}

/// `fromState` becomes the gradient of U_n h + c_n, `terms` that of all of U h.
GRADWRIGHT_CLONES
void gruStepBackward(float* __restrict gates, float* __restrict fromState, float* __restrict terms,
                     const float* __restrict carry, float* __restrict direct,
                     const float* __restrict before, const float* __restrict gradient,
                     std::size_t units) {
    float* __restrict r = gates;
    float* __restrict z = gates + units;
    float* __restrict n = gates + 2 * units;
    for (std::size_t u = 0; u < units; ++u) {
        const float h = gradient[u] + carry[u] + direct[u];
        const float previous = before ? before[u] : 0;
        const float dn = h * (1.0F - z[u]) * (1.0F - n[u] * n[u]);
        const float dz = h * (previous - n[u]) * z[u] * (1.0F - z[u]);
        const float dr = dn * fromState[u] * r[u] * (1.0F - r[u]);
        direct[u] = h * z[u];
        fromState[u] = dn * r[u];
        terms[u] = dr;
        terms[units + u] = dz;
        terms[2 * units + u] = fromState[u];
        r[u] = dr;
        z[u] = dz;
        n[u] = dn;
    }
}

GRADWRIGHT_CLONES
void addRow(float* sum, const float* row, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        sum[i] += row[i];
}

/// sums = Σ rows of a matrix.
void columnSums(float* sums, const float* matrix, std::size_t rows, std::size_t stride,
                std::size_t columns) {
    forChunks(columns, 256, [=](std::size_t begin, std::size_t end) {
        std::fill(sums + begin, sums + end, 0.0F);
        for (std::size_t row = 0; row < rows; ++row)
            addRow(sums + begin, matrix + row * stride + begin, end - begin);
    });
}

/// Whether a GRU's part for n stands apart from W x: the reset gate is between them.
bool splitsState(const RecurrentPlan& plan) {
    return plan.op.cell == CellKind::Gru;
}

/// visit(of the input or output, of [turns, batch, width]) for each step of each sample.
template <class Outer, class Visit>
void forEachStep(const RecurrentPlan& plan, Outer* outer, float* turns, std::size_t width,
                 const Visit& visit) {
    const auto count = plan.batch * plan.steps;
    forChunks(count, std::max<std::size_t>(1, kGrain / width),
              [&](std::size_t begin, std::size_t end) {
                  for (auto i = begin; i < end; ++i) {
                      const auto turn = i / plan.batch;
                      const auto sample = i % plan.batch;
                      visit(outer + plan.placeOf(sample, turn) * width, turns + i * width);
                  }
              });
}

void toTurns(const RecurrentPlan& plan, const float* outer, float* turns, std::size_t width) {
    forEachStep(plan, outer, turns, width, [width](const float* from, float* to) {
        std::memcpy(to, from, width * sizeof(float));
    });
}

void fromTurns(const RecurrentPlan& plan, float* outer, float* turns, std::size_t width) {
    forEachStep(plan, outer, turns, width, [width](float* to, const float* from) {
        std::memcpy(to, from, width * sizeof(float));
    });
}

/// Nothing where there is no target.
void copyState(float* to, const float* from, std::size_t size) {
    if (to)
        std::memcpy(to, from, size * sizeof(float));
}

} // namespace

void StateProduct::run(float* from, float* to) const {
    primitive->run(std::array{from, to, fixed[0], fixed[1]});
}

void recur(const RecurrentPlan& plan, const RecurrentValues& values, const RecurrentState& state,
           const RecurrentWeights& weights, const StateProduct& product, float* terms) {
    const auto units = plan.units();
    const auto rows = plan.rows();
    const auto batch = plan.batch;
    const auto size = plan.stateSize();
    copyState(values.first.h ? state.out - size : nullptr, values.first.h, size);
    copyState(values.first.c ? state.memory - size : nullptr, values.first.c, size);
    toTurns(plan, values.in, state.in, plan.features);
    multiply({.rows = batch * plan.steps, .columns = rows, .inner = plan.features},
             {state.in, plan.features}, {weights.input, plan.features, true}, {state.gates, rows});
    std::memset(terms, 0, batch * rows * sizeof(float));
    const auto grain = std::max<std::size_t>(1, kGrain / rows);
    for (std::size_t turn = 0; turn < plan.steps; ++turn) {
        if (plan.hasStateBefore(turn))
            product.run(state.out + turn * size - size, terms);
        forChunks(batch, grain, [&](std::size_t begin, std::size_t end) {
            for (auto n = begin; n < end; ++n) {
                const auto at = turn * batch + n;
                const auto of = [&](float* array) { return array + at * units; };
                const auto before = [&](float* array) {
                    return plan.hasStateBefore(turn) ? array + at * units - size : nullptr;
                };
                auto* gates = state.gates + at * rows;
                const auto* own = terms + n * rows;
                if (plan.op.cell == CellKind::Simple)
                    simpleStep(of(state.out), gates, own, weights.biasOfInput, plan.op.relu, units);
                else if (plan.op.cell == CellKind::Lstm)
                    lstmStep(of(state.out), of(state.memory), gates, own, weights.biasOfInput,
                             before(state.memory), units);
                else
                    gruStep(of(state.out), of(state.memory), gates, own, weights.biasOfInput,
                            weights.biasOfState, before(state.out), units);
            }
        });
    }
    fromTurns(plan, values.out, state.out, units);
    const auto last = (plan.steps - 1) * size;
    copyState(values.last.h, state.out + last, size);
    if (values.last.c)
        copyState(values.last.c, state.memory + last, size);
}

namespace {

/// The walk back over the turns: `gates` and a GRU's `memory` become gradients.
void walkBack(const RecurrentPlan& plan, const RecurrentState& state,
              const RecurrentScratch& scratch, const StateProduct& product,
              const RecurrentWanted& received) {
    const auto units = plan.units();
    const auto rows = plan.rows();
    const auto batch = plan.batch;
    const auto size = plan.stateSize();
    auto* carry = scratch.carry;
    auto* direct = carry + size;
    auto* cellCarry = direct + size;
    std::memset(carry, 0, 3 * size * sizeof(float));
    copyState(received.last.h ? carry : nullptr, received.last.h, size);
    copyState(received.last.c ? cellCarry : nullptr, received.last.c, size);
    const auto grain = std::max<std::size_t>(1, kGrain / rows);
    for (auto turn = plan.steps; turn-- > 0;) {
        forChunks(batch, grain, [&](std::size_t begin, std::size_t end) {
            for (auto n = begin; n < end; ++n) {
                const auto at = turn * batch + n;
                const auto own = n * units;
                const auto before = [&](float* array) {
                    return plan.hasStateBefore(turn) ? array + at * units - size : nullptr;
                };
                auto* gates = state.gates + at * rows;
                const auto* wanted = received.out + plan.placeOf(n, turn) * units;
                if (plan.op.cell == CellKind::Simple)
                    simpleStepBackward(gates, carry + own, state.out + at * units, wanted,
                                       plan.op.relu, units);
                else if (plan.op.cell == CellKind::Lstm)
                    lstmStepBackward(gates, carry + own, cellCarry + own, state.memory + at * units,
                                     before(state.memory), wanted, units);
                else
                    gruStepBackward(gates, state.memory + at * units, scratch.terms + n * rows,
                                    carry + own, direct + own, before(state.out), wanted, units);
            }
        });
        if (plan.hasStateBefore(turn))
            product.run(splitsState(plan) ? scratch.terms : state.gates + turn * batch * rows,
                        carry);
    }
}

/// What the walk back leaves behind: the state's gradient in two parts, and the cell's.
void firstGradients(const RecurrentPlan& plan, const RecurrentEnds& gradients,
                    const RecurrentScratch& scratch) {
    const auto size = plan.stateSize();
    copyState(gradients.h, scratch.carry, size);
    if (gradients.h && splitsState(plan))
        addRow(gradients.h, scratch.carry + size, size);
    copyState(gradients.c, scratch.carry + 2 * size, size);
}

} // namespace

void recurBackward(const RecurrentPlan& plan, const RecurrentGradients& gradients,
                   const RecurrentState& state, const RecurrentScratch& scratch,
                   const RecurrentWeights& weights, const StateProduct& product,
                   const RecurrentWanted& wanted) {
    const auto units = plan.units();
    const auto rows = plan.rows();
    const auto joined = splitsState(plan) ? 2 * units : rows;
    const auto all = plan.batch * plan.steps;
    // All turns but the first, where no state precedes it.
    const auto skipped = plan.isGivenState ? 0 : plan.batch;
    const auto later = all - skipped;
    const auto* before = state.out + skipped * units - plan.stateSize();
    walkBack(plan, state, scratch, product, wanted);
    firstGradients(plan, gradients.first, scratch);
    multiply({.rows = rows, .columns = plan.features, .inner = all}, {state.gates, rows, true},
             {state.in, plan.features}, {gradients.input, plan.features});
    if (later > 0) {
        multiply({.rows = joined, .columns = units, .inner = later},
                 {state.gates + skipped * rows, rows, true}, {before, units},
                 {gradients.state, units});
        if (splitsState(plan))
            multiply({.rows = units, .columns = units, .inner = later},
                     {state.memory + skipped * units, units, true}, {before, units},
                     {gradients.state + joined * units, units});
    } else {
        std::memset(gradients.state, 0, rows * units * sizeof(float));
    }
    if (gradients.biasOfInput) {
        columnSums(gradients.biasOfInput, state.gates, all, rows, rows);
        std::memcpy(gradients.biasOfState, gradients.biasOfInput, joined * sizeof(float));
        if (splitsState(plan))
            columnSums(gradients.biasOfState + joined, state.memory, all, units, units);
    }
    if (!gradients.in)
        return;
    multiply({.rows = all, .columns = plan.features, .inner = rows}, {state.gates, rows},
             {weights.input, plan.features}, {state.in, plan.features}); // nobody needs it now
    fromTurns(plan, gradients.in, state.in, plan.features);
}

} // namespace gradwright::onednn
