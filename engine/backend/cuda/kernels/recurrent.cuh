// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/element.cuh"
#include "engine/backend/cuda/kernels/recurrent.h"

namespace gradwright::cuda::kernels {

/// One unit of one sample at a step.
struct RecurrentUnit {
    unsigned sample, unit, units;
    std::int64_t place, beforePlace;

    /// In an array of the sequence, `gates` numbers a unit.
    __device__ std::int64_t in(unsigned gates, unsigned gate) const {
        return (place * gates + gate) * units + unit;
    }
    /// In an array of this step alone.
    __device__ std::int64_t inStep(unsigned gates, unsigned gate) const {
        return (static_cast<std::int64_t>(sample) * gates + gate) * units + unit;
    }
    __device__ float stateBefore(const float* state) const {
        return state ? state[beforePlace * units + unit] : 0.0F;
    }
    /// U h + c of a gate.
    __device__ float fromState(const RecurrentBefore& before, unsigned gates, unsigned gate) const {
        return (before.product ? before.product[inStep(gates, gate)] : 0.0F) +
               (before.bias ? before.bias[gate * units + unit] : 0.0F);
    }
    /// What is wanted of h.
    __device__ float wanted(const float* gradient, const RecurrentWants& wants) const {
        float sum = gradient[in(1, 0)];
        if (wants.later)
            sum += wants.later[inStep(1, 0)];
        if (wants.direct)
            sum += wants.direct[inStep(1, 0)];
        return sum;
    }
};

template <class Visit>
__device__ inline void forEachUnit(const RecurrentStep& step, const Visit& visit) {
    const std::size_t size = static_cast<std::size_t>(step.samples) * step.units;
    for (std::size_t i = firstElement(); i < size; i += allThreads()) {
        const auto sample = static_cast<unsigned>(i / step.units);
        visit(RecurrentUnit{sample, static_cast<unsigned>(i % step.units), step.units,
                            sample * step.stride, sample * step.beforeStride});
    }
}

__device__ inline void simpleStep(const float* gates, const RecurrentBefore& before, float* h,
                                  const RecurrentStep& step, std::int32_t isRelu) {
    forEachUnit(step, [&](const RecurrentUnit& at) {
        const float a = gates[at.in(1, 0)] + at.fromState(before, 1, 0);
        h[at.in(1, 0)] = isRelu ? (a < 0 ? 0.0F : a) : tanhf(a);
    });
}

__device__ inline void simpleStepBack(const float* gradient, const RecurrentWants& wants,
                                      const float* h, float* gateGradients,
                                      const RecurrentStep& step, std::int32_t isRelu) {
    forEachUnit(step, [&](const RecurrentUnit& at) {
        const float y = h[at.in(1, 0)];
        const float slope = isRelu ? (y > 0 ? 1.0F : 0.0F) : 1.0F - y * y;
        gateGradients[at.in(1, 0)] = at.wanted(gradient, wants) * slope;
    });
}

/// Gates i, f, g, o.
__device__ inline void lstmStep(float* gates, const RecurrentBefore& before, float* c, float* h,
                                const RecurrentStep& step) {
    forEachUnit(step, [&](const RecurrentUnit& at) {
        const auto sum = [&](unsigned gate) {
            return gates[at.in(4, gate)] + at.fromState(before, 4, gate);
        };
        const float in = sigmoid(sum(0));
        const float forget = sigmoid(sum(1));
        const float g = tanhf(sum(2));
        const float out = sigmoid(sum(3));
        const float next = forget * at.stateBefore(before.state) + in * g;
        gates[at.in(4, 0)] = in;
        gates[at.in(4, 1)] = forget;
        gates[at.in(4, 2)] = g;
        gates[at.in(4, 3)] = out;
        c[at.in(1, 0)] = next;
        h[at.in(1, 0)] = out * tanhf(next);
    });
}

/// `cellGradient`: what is wanted of the c before; it may be the array of wants.cell.
__device__ inline void lstmStepBack(const float* gradient, const RecurrentWants& wants,
                                    const float* gates, const float* c, const float* cBefore,
                                    float* gateGradients, float* cellGradient,
                                    const RecurrentStep& step) {
    forEachUnit(step, [&](const RecurrentUnit& at) {
        const float in = gates[at.in(4, 0)];
        const float forget = gates[at.in(4, 1)];
        const float g = gates[at.in(4, 2)];
        const float out = gates[at.in(4, 3)];
        const float squashed = tanhf(c[at.in(1, 0)]);
        const float wanted = at.wanted(gradient, wants);
        const float ofCell = (wants.cell ? wants.cell[at.inStep(1, 0)] : 0.0F) +
                             wanted * out * (1.0F - squashed * squashed);
        gateGradients[at.in(4, 0)] = ofCell * g * in * (1.0F - in);
        gateGradients[at.in(4, 1)] = ofCell * at.stateBefore(cBefore) * forget * (1.0F - forget);
        gateGradients[at.in(4, 2)] = ofCell * in * (1.0F - g * g);
        gateGradients[at.in(4, 3)] = wanted * squashed * out * (1.0F - out);
        cellGradient[at.inStep(1, 0)] = ofCell * forget;
    });
}

/// Gates r, z, n.
__device__ inline void gruStep(float* gates, const RecurrentBefore& before, float* kept, float* h,
                               const RecurrentStep& step) {
    forEachUnit(step, [&](const RecurrentUnit& at) {
        const float r = sigmoid(gates[at.in(3, 0)] + at.fromState(before, 3, 0));
        const float z = sigmoid(gates[at.in(3, 1)] + at.fromState(before, 3, 1));
        const float fromState = at.fromState(before, 3, 2);
        const float n = tanhf(gates[at.in(3, 2)] + r * fromState);
        gates[at.in(3, 0)] = r;
        gates[at.in(3, 1)] = z;
        gates[at.in(3, 2)] = n;
        kept[at.in(1, 0)] = fromState;
        h[at.in(1, 0)] = (1.0F - z) * n + z * at.stateBefore(before.state);
    });
}

/// The gradients for W x + b and for U h + c, which differ in the third gate. `direct`: what is
/// wanted of the h before, beside the product with U; it may be the array of wants.direct.
__device__ inline void gruStepBack(const float* gradient, const RecurrentWants& wants,
                                   const float* gates, const float* kept, const float* hBefore,
                                   float* gateGradients, float* stateGradients, float* direct,
                                   const RecurrentStep& step) {
    forEachUnit(step, [&](const RecurrentUnit& at) {
        const float r = gates[at.in(3, 0)];
        const float z = gates[at.in(3, 1)];
        const float n = gates[at.in(3, 2)];
        const float wanted = at.wanted(gradient, wants);
        const float ofN = wanted * (1.0F - z) * (1.0F - n * n);
        const float ofR = ofN * kept[at.in(1, 0)] * r * (1.0F - r);
        const float ofZ = wanted * (at.stateBefore(hBefore) - n) * z * (1.0F - z);
        gateGradients[at.in(3, 0)] = stateGradients[at.in(3, 0)] = ofR;
        gateGradients[at.in(3, 1)] = stateGradients[at.in(3, 1)] = ofZ;
        gateGradients[at.in(3, 2)] = ofN;
        stateGradients[at.in(3, 2)] = ofN * r;
        direct[at.inStep(1, 0)] = wanted * z;
    });
}

/// Whether the sample has a step at this time.
__device__ inline bool hasStep(const RecurrentVariant& variant, unsigned sample) {
    return !variant.lengths.data ||
           static_cast<float>(variant.time) < load(variant.lengths, sample);
}

/// next(unit) for units of samples that have a step: its result is the new h; the others give 0.
template <class Next>
__device__ inline void forEachVariantUnit(float* y, const RecurrentStep& step,
                                          const RecurrentVariant& variant, const Next& next) {
    forEachUnit(step, [&](const RecurrentUnit& at) {
        float made = 0;
        if (hasStep(variant, at.sample)) {
            made = next(at);
            variant.h[at.inStep(1, 0)] = made;
        }
        y[at.in(1, 0)] = made;
    });
}

__device__ inline void simpleVariantStep(const float* gates, const RecurrentBefore& before,
                                         float* y, const RecurrentStep& step,
                                         const RecurrentVariant& variant, std::int32_t isRelu) {
    forEachVariantUnit(y, step, variant, [&](const RecurrentUnit& at) {
        const float a = gates[at.in(1, 0)] + at.fromState(before, 1, 0);
        return isRelu ? (a < 0 ? 0.0F : a) : tanhf(a);
    });
}

/// Gates i, f, g, o; i and f see the cell before the step, o the one after it (Gers, Schmidhuber
/// 2000).
__device__ inline void lstmVariantStep(const float* gates, const RecurrentBefore& before, float* y,
                                       const RecurrentStep& step, const RecurrentVariant& variant) {
    forEachVariantUnit(y, step, variant, [&](const RecurrentUnit& at) {
        const auto sum = [&](unsigned gate) {
            return gates[at.in(4, gate)] + at.fromState(before, 4, gate);
        };
        const auto seen = [&](unsigned which, float cell) {
            return variant.peepholes ? variant.peepholes[which * at.units + at.unit] * cell : 0.0F;
        };
        float& cell = variant.c[at.inStep(1, 0)];
        const float in = sigmoid(sum(0) + seen(0, cell));
        const float forget = sigmoid(sum(1) + seen(1, cell));
        cell = forget * cell + in * tanhf(sum(2));
        return sigmoid(sum(3) + seen(2, cell)) * tanhf(cell);
    });
}

/// Gates r, z, n. Where the state is reset first, `before` has the products of r and z alone.
__device__ inline void gruVariantStep(const float* gates, const RecurrentBefore& before, float* y,
                                      const RecurrentStep& step, const RecurrentVariant& variant) {
    const unsigned products = variant.resetProduct ? 2 : 3;
    forEachVariantUnit(y, step, variant, [&](const RecurrentUnit& at) {
        const float z = sigmoid(gates[at.in(3, 1)] + at.fromState(before, products, 1));
        float fromState = 0;
        if (variant.resetProduct) {
            fromState = variant.resetProduct[at.inStep(1, 0)] +
                        (before.bias ? before.bias[2 * at.units + at.unit] : 0.0F);
        } else {
            const float r = sigmoid(gates[at.in(3, 0)] + at.fromState(before, 3, 0));
            fromState = r * at.fromState(before, 3, 2);
        }
        const float n = tanhf(gates[at.in(3, 2)] + fromState);
        return (1.0F - z) * n + z * variant.h[at.inStep(1, 0)];
    });
}

/// σ(r) h, where `before` has the products of r and z alone.
__device__ inline void resetState(const float* gates, const RecurrentBefore& before, const float* h,
                                  float* reset, const RecurrentStep& step) {
    forEachUnit(step, [&](const RecurrentUnit& at) {
        reset[at.inStep(1, 0)] =
            sigmoid(gates[at.in(3, 0)] + at.fromState(before, 2, 0)) * h[at.inStep(1, 0)];
    });
}

/// For each place of the sequence the state that its step began with; `first`: null of zeros.
__device__ inline void statesBefore(const float* h, const float* first, float* before,
                                    const RecurrentAxes& axes) {
    const std::size_t size = static_cast<std::size_t>(axes.samples) * axes.steps * axes.units;
    for (std::size_t i = firstElement(); i < size; i += allThreads()) {
        const std::size_t place = i / axes.units;
        const std::size_t unit = i % axes.units;
        const std::size_t time = axes.timeFirst ? place / axes.samples : place % axes.steps;
        const std::size_t sample = axes.timeFirst ? place % axes.samples : place / axes.steps;
        const std::size_t stride = axes.timeFirst ? axes.samples : 1;
        if (time == (axes.reverse ? axes.steps - 1 : 0))
            before[i] = first ? first[sample * axes.units + unit] : 0.0F;
        else
            before[i] = h[(axes.reverse ? place + stride : place - stride) * axes.units + unit];
    }
}

} // namespace gradwright::cuda::kernels
