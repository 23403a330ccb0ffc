// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/sums.cuh"
#include "engine/backend/cuda/kernels/update.h"
#include "engine/optimizers/adaptive.h"
#include "engine/optimizers/gradient_descent.h"
#include "engine/optimizers/nadam.h"

namespace gradwright::cuda::kernels {

/// Adds factor · Σ to the step's loss; one block.
__device__ inline void addLoss(const float* perSample, std::size_t size, double factor,
                               StepSums* sums) {
    double sum = 0;
    for (std::size_t i = threadIdx.x; i < size; i += blockDim.x)
        sum += static_cast<double>(perSample[i]);
    sum = sumOfBlock(sum);
    if (threadIdx.x == 0)
        sums->loss += factor * sum;
}

/// visit(element) for this thread's elements of this block.
template <class Visit>
__device__ inline void forEachOf(const UpdateBlock& block, const Visit& visit) {
    for (std::size_t i = block.begin + threadIdx.x; i < block.end; i += blockDim.x)
        visit(i);
}

__device__ inline void partialSquares(const UpdateEntry* entries, const UpdateBlock* blocks,
                                      double* partial, std::int32_t array, std::int32_t slot) {
    const UpdateBlock block = blocks[blockIdx.x];
    const UpdateEntry& entry = entries[block.entry];
    const auto which = static_cast<UpdateArray>(array);
    const float* values = which == UpdateArray::Gradient ? entry.gradient
                          : which == UpdateArray::Weight ? entry.weight
                                                         : entry.slots[slot];
    double sum = 0;
    forEachOf(block, [&](std::size_t i) {
        const auto value = static_cast<double>(values[i]);
        sum += value * value;
    });
    sum = sumOfBlock(sum);
    if (threadIdx.x == 0)
        partial[blockIdx.x] = sum;
}

/// squares[weight] of each entry, a thread each, in the order of its blocks.
__device__ inline void addSquares(const UpdateEntry* entries, std::uint32_t count,
                                  const double* partial, double* squares) {
    for (std::size_t i = firstElement(); i < count; i += allThreads()) {
        const UpdateEntry& entry = entries[i];
        double sum = 0;
        for (std::uint32_t block = 0; block < entry.blocks; ++block)
            sum += partial[entry.firstBlock + block];
        squares[entry.weightNumber] = sum;
    }
}

/// The seed of a loss's gradient, scaled.
__device__ inline void seedLoss(float* to, std::size_t size, float value,
                                const DeviceLossScale* scale) {
    const float seed = value * static_cast<float>(scale->scale);
    for (std::size_t i = firstElement(); i < size; i += allThreads())
        to[i] = seed;
}

/// Takes the scale out of the gradients of weights: exactly, since it is a power of two.
__device__ inline void unscale(const UpdateEntry* entries, const UpdateBlock* blocks,
                               const DeviceLossScale* scale, StepSums* sums) {
    const auto factor = static_cast<float>(1 / scale->scale);
    const UpdateBlock block = blocks[blockIdx.x];
    float* gradient = entries[block.entry].gradient;
    forEachOf(block, [&](std::size_t i) { gradient[i] *= factor; });
    if (firstElement() == 0)
        sums->lossScale = scale->scale;
}

/// After a step; one thread. A loss that is not finite says nothing of the scale.
__device__ inline void adjustScale(DeviceLossScale* scale, const StepSums* sums) {
    if (threadIdx.x != 0 || !isfinite(sums->loss))
        return;
    if (!sums->isFinite) {
        scale->scale = scale->scale > 2 ? scale->scale / 2 : 1;
        scale->goodSteps = 0;
    } else if (++scale->goodSteps >= scale->goodStepsToDouble) {
        scale->scale *= 2;
        scale->goodSteps = 0;
    }
}

/// One block.
__device__ inline void judge(StepSums* sums, const double* squares, std::uint32_t count) {
    int bad = threadIdx.x == 0 && !isfinite(sums->loss) ? 1 : 0;
    for (std::uint32_t i = threadIdx.x; i < count; i += blockDim.x)
        bad |= isfinite(squares[i]) ? 0 : 1;
    bad = overBlock(bad, Largest{}, 0);
    if (threadIdx.x == 0)
        sums->isFinite = bad ? 0 : 1;
}

/// Adds the gradients of the penalties to those of kernels, then clamps all.
__device__ inline void regularize(const UpdateEntry* entries, const UpdateBlock* blocks, float l1,
                                  float l2, float clipValue, const StepSums* sums) {
    if (!sums->isFinite)
        return;
    const UpdateBlock block = blocks[blockIdx.x];
    const UpdateEntry& entry = entries[block.entry];
    forEachOf(block, [&](std::size_t i) {
        float g = entry.gradient[i];
        if (entry.isKernel) {
            const float w = entry.weight[i];
            g += l1 * (static_cast<float>(w > 0) - static_cast<float>(w < 0)) + l2 * w;
        }
        if (clipValue > 0)
            g = fminf(fmaxf(g, -clipValue), clipValue);
        entry.gradient[i] = g;
    });
}

/// As gradwright::clipFactor(); the squares are added in the order of the weights.
__device__ inline void clipByNorm(const UpdateEntry* entries, const UpdateBlock* blocks,
                                  const double* squares, std::uint32_t count, double clipNorm,
                                  const StepSums* sums) {
    if (!sums->isFinite)
        return;
    double all = 0;
    for (std::uint32_t i = 0; i < count; ++i)
        all += squares[i];
    const double factor = clipNorm / (sqrt(all) + 1e-6);
    if (factor >= 1)
        return;
    const UpdateBlock block = blocks[blockIdx.x];
    float* gradient = entries[block.entry].gradient;
    forEachOf(block, [&](std::size_t i) { gradient[i] *= static_cast<float>(factor); });
}

/// The layer-wise step along the direction in a slot.
__device__ inline void followDirection(const UpdateEntry* entries, const UpdateBlock* blocks,
                                       const double* weightSquares, const double* directionSquares,
                                       std::int32_t slot, const StepScalars* scalars,
                                       const StepSums* sums) {
    if (!sums->isFinite)
        return;
    const UpdateBlock block = blocks[blockIdx.x];
    const UpdateEntry& entry = entries[block.entry];
    const double w = weightSquares[entry.weightNumber];
    const double u = directionSquares[entry.weightNumber];
    const double ratio = w > 0 && u > 0 ? sqrt(w / u) : 1.0;
    const auto rate = static_cast<float>(scalars->learningRate * entry.rateFactor * ratio);
    forEachOf(block, [&](std::size_t i) { entry.weight[i] -= rate * entry.slots[slot][i]; });
}

/// A block for each row of a kernel.
__device__ inline void limitRows(const UpdateEntry* entries, std::uint32_t number, double maxNorm,
                                 const StepSums* sums) {
    if (!sums->isFinite)
        return;
    const UpdateEntry& entry = entries[number];
    float* row = entry.weight + blockIdx.x * entry.rowSize;
    double sum = 0;
    for (std::size_t i = threadIdx.x; i < entry.rowSize; i += blockDim.x) {
        const auto value = static_cast<double>(row[i]);
        sum += value * value;
    }
    sum = sumOfBlock(sum);
    if (sum <= maxNorm * maxNorm)
        return;
    const auto factor = static_cast<float>(maxNorm / sqrt(sum));
    for (std::size_t i = threadIdx.x; i < entry.rowSize; i += blockDim.x)
        row[i] *= factor;
}

__device__ inline void averageWeights(const UpdateEntry* entries, const UpdateBlock* blocks,
                                      double decay, const StepScalars* scalars,
                                      const StepSums* sums) {
    if (!sums->isFinite)
        return;
    const auto keep = static_cast<float>(scalars->step <= 1 ? 0.0 : decay);
    const UpdateBlock block = blocks[blockIdx.x];
    const UpdateEntry& entry = entries[block.entry];
    forEachOf(block, [&](std::size_t i) {
        entry.mean[i] = keep * entry.mean[i] + (1 - keep) * entry.weight[i];
    });
}

/// One optimizer over all weights.
template <class Rule>
__device__ inline void stepBy(const UpdateEntry* entries, const UpdateBlock* blocks,
                              const void* rules, const StepSums* sums) {
    if (!sums->isFinite)
        return;
    const UpdateBlock block = blocks[blockIdx.x];
    const UpdateEntry& entry = entries[block.entry];
    const Rule& rule = static_cast<const Rule*>(rules)[entry.rule];
    forEachOf(block, [&](std::size_t i) {
        float& w = entry.weight[i];
        const float g = entry.gradient[i];
        if constexpr (Rule::kSlots == 0)
            rule(w, g);
        else if constexpr (Rule::kSlots == 1)
            rule(w, g, entry.slots[0][i]);
        else if constexpr (Rule::kSlots == 2)
            rule(w, g, entry.slots[0][i], entry.slots[1][i]);
        else if constexpr (Rule::kSlots == 3)
            rule(w, g, entry.slots[0][i], entry.slots[1][i], entry.slots[2][i]);
        else {
            static_assert(Rule::kSlots == 4);
            rule(w, g, entry.slots[0][i], entry.slots[1][i], entry.slots[2][i], entry.slots[3][i]);
        }
    });
}

#define GRADWRIGHT_STEP_BY(name, ...)                                                              \
    __device__ inline void name(const UpdateEntry* entries, const UpdateBlock* blocks,             \
                                const void* rules, const StepSums* sums) {                         \
        stepBy<__VA_ARGS__>(entries, blocks, rules, sums);                                         \
    }
GRADWRIGHT_STEP_BY(stepDescent, DescentRule<float>)
GRADWRIGHT_STEP_BY(stepMomentum, MomentumRule<float, false>)
GRADWRIGHT_STEP_BY(stepNesterov, MomentumRule<float, true>)
GRADWRIGHT_STEP_BY(stepPerceptron, PerceptronRule<float>)
GRADWRIGHT_STEP_BY(stepLion, LionRule<float>)
GRADWRIGHT_STEP_BY(stepAdagrad, AdagradRule<float>)
GRADWRIGHT_STEP_BY(stepAdadelta, AdadeltaRule<float>)
GRADWRIGHT_STEP_BY(stepRmsprop, RmspropRule<float, false, false>)
GRADWRIGHT_STEP_BY(stepRmspropCentered, RmspropRule<float, true, false>)
GRADWRIGHT_STEP_BY(stepRmspropMomentum, RmspropRule<float, false, true>)
GRADWRIGHT_STEP_BY(stepRmspropCenteredMomentum, RmspropRule<float, true, true>)
GRADWRIGHT_STEP_BY(stepAdam, AdamRule<float>)
GRADWRIGHT_STEP_BY(stepAdamw, AdamwRule<float>)
GRADWRIGHT_STEP_BY(stepAmsgrad, AmsgradRule<float>)
GRADWRIGHT_STEP_BY(stepAdamax, AdamaxRule<float>)
GRADWRIGHT_STEP_BY(stepNadam, NadamRule<float>)
GRADWRIGHT_STEP_BY(stepRadam, RadamRule<float>)
GRADWRIGHT_STEP_BY(stepLamb, LambRule<float>)

} // namespace gradwright::cuda::kernels
