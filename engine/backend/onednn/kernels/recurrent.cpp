// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/recurrent.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/backend/onednn/primitives.h"
#include "engine/support/simd.h"
#include "engine/support/vector_math.h"

#include <cstring>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 4096; // elements

using vectored::sigmoid;
using vectored::tanh;

// One step of one sample: `gates` holds W x + U h (of a GRU's n only W x) and gets the gates.

GRADWRIGHT_CLONES
void simpleStep(float* out, float* gates, const float* bias, bool relu, std::size_t units) {
    for (std::size_t u = 0; u < units; ++u) {
        const float a = gates[u] + bias[u];
        const float squashed = tanh(a);
        out[u] = relu ? (a > 0 ? a : 0) : squashed;
    }
}

GRADWRIGHT_CLONES
void lstmStep(float* out, float* cell, float* gates, const float* bias, const float* before,
              std::size_t units) {
    float* i = gates;
    float* f = gates + units;
    float* g = gates + 2 * units;
    float* o = gates + 3 * units;
    for (std::size_t u = 0; u < units; ++u) {
        i[u] = sigmoid(i[u] + bias[u]);
        f[u] = sigmoid(f[u] + bias[units + u]);
        g[u] = tanh(g[u] + bias[2 * units + u]);
        o[u] = sigmoid(o[u] + bias[3 * units + u]);
        cell[u] = i[u] * g[u] + (before ? f[u] * before[u] : 0);
        out[u] = o[u] * tanh(cell[u]);
    }
}

GRADWRIGHT_CLONES
void gruStep(float* out, float* fromState, float* gates, const float* bias,
             const float* biasOfState, const float* before, std::size_t units) {
    float* r = gates;
    float* z = gates + units;
    float* n = gates + 2 * units;
    for (std::size_t u = 0; u < units; ++u) {
        r[u] = sigmoid(r[u] + bias[u] + biasOfState[u]);
        z[u] = sigmoid(z[u] + bias[units + u] + biasOfState[units + u]);
        fromState[u] += biasOfState[2 * units + u];
        n[u] = tanh(n[u] + bias[2 * units + u] + r[u] * fromState[u]);
        out[u] = (1.0F - z[u]) * n[u] + (before ? z[u] * before[u] : 0);
    }
}

// Backward: `gates` becomes the gradient of what was under their functions; `carry` holds what the
// next step wants of the state and gets what goes to the step before directly.

GRADWRIGHT_CLONES
void simpleStepBackward(float* gates, float* carry, const float* out, const float* gradient,
                        bool relu, std::size_t units) {
    for (std::size_t u = 0; u < units; ++u) {
        const float g = gradient[u] + carry[u];
        const float slope = 1.0F - out[u] * out[u];
        gates[u] = g * (relu ? (out[u] > 0 ? 1.0F : 0.0F) : slope);
        carry[u] = 0;
    }
}

GRADWRIGHT_CLONES
void lstmStepBackward(float* gates, float* carry, float* cellCarry, const float* cell,
                      const float* before, const float* gradient, std::size_t units) {
    float* i = gates;
    float* f = gates + units;
    float* g = gates + 2 * units;
    float* o = gates + 3 * units;
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
        carry[u] = 0;
    }
}

/// `fromState` becomes the gradient of U_n h + c_n.
GRADWRIGHT_CLONES
void gruStepBackward(float* gates, float* fromState, float* carry, const float* before,
                     const float* gradient, std::size_t units) {
    float* r = gates;
    float* z = gates + units;
    float* n = gates + 2 * units;
    for (std::size_t u = 0; u < units; ++u) {
        const float h = gradient[u] + carry[u];
        const float previous = before ? before[u] : 0;
        const float dn = h * (1.0F - z[u]) * (1.0F - n[u] * n[u]);
        const float dz = h * (previous - n[u]) * z[u] * (1.0F - z[u]);
        const float dr = dn * fromState[u] * r[u] * (1.0F - r[u]);
        carry[u] = h * z[u];
        fromState[u] = dn * r[u];
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

/// The walk over the steps in the order in which they run.
class Walk {
public:
    explicit Walk(const RecurrentPlan& plan)
        : plan_(plan) {}

    [[nodiscard]] std::size_t time(std::size_t turn) const {
        return plan_.op.reverse ? plan_.steps - 1 - turn : turn;
    }
    /// Of the first sample, in an array of that width; the next sample is steps · width further.
    template <class T>
    T* at(T* array, std::size_t turn, std::size_t width) const {
        return array + time(turn) * width;
    }
    template <class T>
    [[nodiscard]] T* of(T* array, std::size_t sample, std::size_t turn, std::size_t width) const {
        return array ? array + (sample * plan_.steps + time(turn)) * width : nullptr;
    }

private:
    const RecurrentPlan& plan_;
};

bool splitsState(const RecurrentPlan& plan) {
    return plan.op.cell == CellKind::Gru;
}

/// Adds U h to the gates of a turn; a GRU's part for n goes to the memory.
void addStateTerms(const RecurrentPlan& plan, const Walk& walk, std::size_t turn,
                   RecurrentState state, const float* out, const RecurrentWeights& weights) {
    const auto units = plan.units();
    const auto rows = plan.rows();
    const auto joined = splitsState(plan) ? 2 * units : rows;
    const MatrixView previous{walk.at(out, turn - 1, units), plan.steps * units};
    multiply({.rows = plan.batch, .columns = joined, .inner = units, .add = true}, previous,
             {weights.state, units, true}, {walk.at(state.gates, turn, rows), plan.steps * rows});
    if (splitsState(plan))
        multiply({.rows = plan.batch, .columns = units, .inner = units}, previous,
                 {weights.state + joined * units, units, true},
                 {walk.at(state.memory, turn, units), plan.steps * units});
}

} // namespace

void recur(const RecurrentPlan& plan, float* out, RecurrentState state, const float* in,
           const RecurrentWeights& weights) {
    const auto units = plan.units();
    const auto rows = plan.rows();
    const Walk walk(plan);
    multiply({.rows = plan.batch * plan.steps, .columns = rows, .inner = plan.features},
             {in, plan.features}, {weights.input, plan.features, true}, {state.gates, rows});
    if (splitsState(plan))
        std::memset(state.memory, 0, plan.batch * plan.steps * units * sizeof(float));
    const auto grain = std::max<std::size_t>(1, kGrain / rows);
    for (std::size_t turn = 0; turn < plan.steps; ++turn) {
        if (turn > 0)
            addStateTerms(plan, walk, turn, state, out, weights);
        forChunks(plan.batch, grain, [&](std::size_t begin, std::size_t end) {
            for (auto n = begin; n < end; ++n) {
                auto* y = walk.of(out, n, turn, units);
                auto* gates = walk.of(state.gates, n, turn, rows);
                auto* memory = walk.of(state.memory, n, turn, units);
                const auto before = [&](float* array) {
                    return turn > 0 ? walk.of(array, n, turn - 1, units) : nullptr;
                };
                if (plan.op.cell == CellKind::Simple)
                    simpleStep(y, gates, weights.biasOfInput, plan.op.relu, units);
                else if (plan.op.cell == CellKind::Lstm)
                    lstmStep(y, memory, gates, weights.biasOfInput, before(state.memory), units);
                else
                    gruStep(y, memory, gates, weights.biasOfInput, weights.biasOfState, before(out),
                            units);
            }
        });
    }
}

void recurBackward(const RecurrentPlan& plan, const RecurrentGradients& gradients,
                   RecurrentState state, RecurrentScratch scratch, const float* in,
                   const float* out, const RecurrentWeights& weights, const float* gradient) {
    const auto units = plan.units();
    const auto rows = plan.rows();
    const auto joined = splitsState(plan) ? 2 * units : rows;
    const auto stretch = plan.steps * units; // from sample to sample
    const Walk walk(plan);
    auto* carry = scratch.carry;
    auto* cellCarry = scratch.carry + plan.batch * units;
    std::memset(carry, 0, 2 * plan.batch * units * sizeof(float));
    const auto grain = std::max<std::size_t>(1, kGrain / rows);
    for (auto turn = plan.steps; turn-- > 0;) {
        forChunks(plan.batch, grain, [&](std::size_t begin, std::size_t end) {
            for (auto n = begin; n < end; ++n) {
                auto* gates = walk.of(state.gates, n, turn, rows);
                auto* memory = walk.of(state.memory, n, turn, units);
                const auto* wanted = walk.of(gradient, n, turn, units);
                const auto* before = turn > 0 ? walk.of(out, n, turn - 1, units) : nullptr;
                auto* previous = walk.of(scratch.previous, n, turn, units);
                if (before)
                    std::memcpy(previous, before, units * sizeof(float));
                else
                    std::memset(previous, 0, units * sizeof(float));
                if (plan.op.cell == CellKind::Simple)
                    simpleStepBackward(gates, carry + n * units, walk.of(out, n, turn, units),
                                       wanted, plan.op.relu, units);
                else if (plan.op.cell == CellKind::Lstm)
                    lstmStepBackward(gates, carry + n * units, cellCarry + n * units, memory,
                                     turn > 0 ? walk.of(state.memory, n, turn - 1, units) : nullptr,
                                     wanted, units);
                else
                    gruStepBackward(gates, memory, carry + n * units, before, wanted, units);
            }
        });
        if (turn == 0)
            continue;
        multiply({.rows = plan.batch, .columns = units, .inner = joined, .add = true},
                 {walk.at(state.gates, turn, rows), plan.steps * rows}, {weights.state, units},
                 {carry, units});
        if (splitsState(plan))
            multiply({.rows = plan.batch, .columns = units, .inner = units, .add = true},
                     {walk.at(state.memory, turn, units), stretch},
                     {weights.state + joined * units, units}, {carry, units});
    }

    const auto all = plan.batch * plan.steps;
    multiply({.rows = rows, .columns = plan.features, .inner = all}, {state.gates, rows, true},
             {in, plan.features}, {gradients.input, plan.features});
    multiply({.rows = joined, .columns = units, .inner = all}, {state.gates, rows, true},
             {scratch.previous, units}, {gradients.state, units});
    if (splitsState(plan))
        multiply({.rows = units, .columns = units, .inner = all}, {state.memory, units, true},
                 {scratch.previous, units}, {gradients.state + joined * units, units});
    if (gradients.biasOfInput) {
        columnSums(gradients.biasOfInput, state.gates, all, rows, rows);
        std::memcpy(gradients.biasOfState, gradients.biasOfInput, joined * sizeof(float));
        if (splitsState(plan))
            columnSums(gradients.biasOfState + joined, state.memory, all, units, units);
    }
    if (gradients.in)
        multiply({.rows = all, .columns = plan.features, .inner = rows}, {state.gates, rows},
                 {weights.input, plan.features}, {gradients.in, plan.features});
}

} // namespace gradwright::onednn
