// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/recurrent_variants.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/backend/onednn/primitives.h"
#include "engine/support/simd.h"
#include "engine/support/vector_math.h"

#include <algorithm>
#include <cstring>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 4096; // elements

using vectored::sigmoid;
using vectored::tanh;

// One step of one sample: `a` holds W x, `b` U h; `h` and `c` are the state, before and after.

void simpleVariant(const RecurrentOp& op, const float* a, const float* b,
                   const VariantWeights& weights, float* h) {
    for (std::size_t u = 0; u < static_cast<std::size_t>(op.units); ++u) {
        const float sum = a[u] + b[u] + weights.biasOfInput[u] + weights.biasOfState[u];
        h[u] = op.relu ? std::max(sum, 0.0F) : tanh(sum);
    }
}

void lstmVariant(std::size_t units, const float* a, const float* b, const VariantWeights& weights,
                 float* h, float* c) {
    const auto sum = [&](std::size_t row) {
        return a[row] + b[row] + weights.biasOfInput[row] + weights.biasOfState[row];
    };
    const auto* p = weights.peepholes;
    for (std::size_t u = 0; u < units; ++u) {
        const float in = sigmoid(sum(u) + (p ? p[u] * c[u] : 0));
        const float forget = sigmoid(sum(units + u) + (p ? p[units + u] * c[u] : 0));
        c[u] = forget * c[u] + in * tanh(sum(2 * units + u));
        const float out = sigmoid(sum(3 * units + u) + (p ? p[2 * units + u] * c[u] : 0));
        h[u] = out * tanh(c[u]);
    }
}

/// The reset gate, times the state.
void resetState(std::size_t units, const float* a, const float* b, const VariantWeights& weights,
                const float* h, float* reset) {
    for (std::size_t u = 0; u < units; ++u)
        reset[u] = h[u] * sigmoid(a[u] + b[u] + weights.biasOfInput[u] + weights.biasOfState[u]);
}

/// `isReset`: b's part for n is already that of the state after the reset.
void gruVariant(std::size_t units, bool isReset, const float* a, const float* b,
                const VariantWeights& weights, float* h) {
    for (std::size_t u = 0; u < units; ++u) {
        const auto sum = [&](std::size_t row) {
            return a[row] + b[row] + weights.biasOfInput[row] + weights.biasOfState[row];
        };
        const auto row = 2 * units + u;
        const float fromState = b[row] + weights.biasOfState[row];
        const float share = isReset ? 1.0F : sigmoid(sum(u));
        const float n = tanh(a[row] + weights.biasOfInput[row] + share * fromState);
        const float z = sigmoid(sum(units + u));
        h[u] = (1.0F - z) * n + z * h[u];
    }
}

std::size_t lengthOf(const RecurrentPlan& plan, const std::string& path, const float* lengths,
                     std::size_t sample) {
    if (!lengths)
        return plan.steps;
    const auto length = static_cast<std::int64_t>(lengths[sample]);
    if (length < 0 || length > static_cast<std::int64_t>(plan.steps))
        throw Error("{}: sample {} of the batch has the length {}, and the sequence {} steps", path,
                    sample, length, plan.steps);
    return static_cast<std::size_t>(length);
}

/// Where a turn of a sample of that length stands in the input and the output.
std::size_t placeOf(const RecurrentPlan& plan, std::size_t sample, std::size_t turn,
                    std::size_t length) {
    const auto time = plan.op.reverse ? length - 1 - turn : turn;
    return plan.op.timeFirst ? time * plan.batch + sample : sample * plan.steps + time;
}

void start(float* state, const float* given, std::size_t size) {
    if (given)
        std::memcpy(state, given, size * sizeof(float));
    else
        std::fill_n(state, size, 0.0F);
}

void finish(float* wanted, const float* state, std::size_t size) {
    if (wanted)
        std::memcpy(wanted, state, size * sizeof(float));
}

} // namespace

void recurVariant(const RecurrentPlan& plan, const std::string& path, const RecurrentValues& values,
                  const float* lengths, const VariantWeights& weights,
                  const VariantScratch& scratch) {
    const auto units = plan.units();
    const auto rows = plan.rows();
    const auto size = plan.stateSize();
    for (std::size_t n = 0; n < plan.batch; ++n)
        lengthOf(plan, path, lengths, n); // throws here, not on a thread
    multiply({.rows = plan.batch * plan.steps, .columns = rows, .inner = plan.features},
             {values.in, plan.features}, {weights.input, plan.features, true},
             {scratch.fromInput, rows});
    std::fill_n(values.out, plan.batch * plan.steps * units, 0.0F);
    start(scratch.h, values.first.h, size);
    if (plan.op.cell == CellKind::Lstm)
        start(scratch.c, values.first.c, size);
    const auto grain = std::max<std::size_t>(1, kGrain / rows);
    const auto forRunning = [&](std::size_t turn, const auto& visit) {
        forChunks(plan.batch, grain, [&](std::size_t begin, std::size_t end) {
            for (auto n = begin; n < end; ++n)
                if (const auto length = lengthOf(plan, path, lengths, n); turn < length)
                    visit(n, placeOf(plan, n, turn, length));
        });
    };
    // A reset before the product needs its gate first, and the product for n apart.
    const auto together = plan.op.resetFirst ? 2 * units : rows;
    for (std::size_t turn = 0; turn < plan.steps; ++turn) {
        multiply({.rows = plan.batch, .columns = together, .inner = units}, {scratch.h, units},
                 {weights.state, units, true}, {scratch.terms, rows});
        if (plan.op.resetFirst) {
            forRunning(turn, [&](std::size_t n, std::size_t place) {
                resetState(units, scratch.fromInput + place * rows, scratch.terms + n * rows,
                           weights, scratch.h + n * units, scratch.reset + n * units);
            });
            multiply({.rows = plan.batch, .columns = units, .inner = units}, {scratch.reset, units},
                     {weights.state + together * units, units, true},
                     {scratch.terms + together, rows});
        }
        forRunning(turn, [&](std::size_t n, std::size_t place) {
            const auto* a = scratch.fromInput + place * rows;
            const auto* b = scratch.terms + n * rows;
            auto* h = scratch.h + n * units;
            if (plan.op.cell == CellKind::Simple)
                simpleVariant(plan.op, a, b, weights, h);
            else if (plan.op.cell == CellKind::Lstm)
                lstmVariant(units, a, b, weights, h, scratch.c + n * units);
            else
                gruVariant(units, plan.op.resetFirst, a, b, weights, h);
            std::memcpy(values.out + place * units, h, units * sizeof(float));
        });
    }
    finish(values.last.h, scratch.h, size);
    finish(values.last.c, scratch.c, size);
}

} // namespace gradwright::onednn
