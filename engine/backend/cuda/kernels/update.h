// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"
#include "engine/backend/update_rule.h"

namespace gradwright::cuda {

/// A weight that learns, with what belongs to it.
struct UpdateEntry {
    float* weight = nullptr;
    float* gradient = nullptr;
    float* slots[kMaxUpdateSlots] = {};
    float* mean = nullptr; ///< the slot of the average; null without
    std::uint64_t size = 0;
    std::uint64_t rowSize = 0; ///< elements of a row that is kept short
    double rateFactor = 1;
    std::uint32_t rule = 0; ///< which of the step's rules: one for each rate factor
    std::uint32_t isKernel = 0;
    std::uint32_t weightNumber = 0;
    std::uint32_t firstBlock = 0, blocks = 0; ///< its blocks in the table of blocks
};

/// What a block of the update's kernels works on: elements begin to end of an entry.
struct UpdateBlock {
    std::uint32_t entry = 0;
    std::uint64_t begin = 0, end = 0;
};

/// Which array of the entries is meant.
enum class UpdateArray : std::int32_t { Gradient, Weight, LastSlot };

} // namespace gradwright::cuda

// The sums of a step, what regularizes the gradients, the optimizers, and what follows them. All of
// the update leaves everything as it is when the step's sums are not finite.
#define GRADWRIGHT_UPDATE_KERNELS(X)                                                               \
    X(update, addLoss,                                                                             \
      (const float* perSample, std::uint64_t size, double factor, StepSums* sums),                 \
      (perSample, size, factor, sums))                                                             \
    X(update, partialSquares,                                                                      \
      (const UpdateEntry* entries, const UpdateBlock* blocks, double* partial, std::int32_t array, \
       std::int32_t slot),                                                                         \
      (entries, blocks, partial, array, slot))                                                     \
    X(update, addSquares,                                                                          \
      (const UpdateEntry* entries, std::uint32_t count, const double* partial, double* squares),   \
      (entries, count, partial, squares))                                                          \
    X(update, seedLoss,                                                                            \
      (float* to, std::uint64_t size, float value, const DeviceLossScale* scale),                  \
      (to, size, value, scale))                                                                    \
    X(update, unscale,                                                                             \
      (const UpdateEntry* entries, const UpdateBlock* blocks, const DeviceLossScale* scale,        \
       StepSums* sums),                                                                            \
      (entries, blocks, scale, sums))                                                              \
    X(update, adjustScale, (DeviceLossScale * scale, const StepSums* sums), (scale, sums))         \
    X(update, judge, (StepSums * sums, const double* squares, std::uint32_t count),                \
      (sums, squares, count))                                                                      \
    X(update, regularize,                                                                          \
      (const UpdateEntry* entries, const UpdateBlock* blocks, float l1, float l2, float clipValue, \
       const StepSums* sums),                                                                      \
      (entries, blocks, l1, l2, clipValue, sums))                                                  \
    X(update, clipByNorm,                                                                          \
      (const UpdateEntry* entries, const UpdateBlock* blocks, const double* squares,               \
       std::uint32_t count, double clipNorm, const StepSums* sums),                                \
      (entries, blocks, squares, count, clipNorm, sums))                                           \
    X(update, followDirection,                                                                     \
      (const UpdateEntry* entries, const UpdateBlock* blocks, const double* weightSquares,         \
       const double* directionSquares, std::int32_t slot, const StepScalars* scalars,              \
       const StepSums* sums),                                                                      \
      (entries, blocks, weightSquares, directionSquares, slot, scalars, sums))                     \
    X(update, limitRows,                                                                           \
      (const UpdateEntry* entries, std::uint32_t entry, double maxNorm, const StepSums* sums),     \
      (entries, entry, maxNorm, sums))                                                             \
    X(update, averageWeights,                                                                      \
      (const UpdateEntry* entries, const UpdateBlock* blocks, double decay,                        \
       const StepScalars* scalars, const StepSums* sums),                                          \
      (entries, blocks, decay, scalars, sums))                                                     \
    GRADWRIGHT_RULE_KERNELS(X)

/// A kernel for each element rule, which it reads from the device's memory.
#define GRADWRIGHT_RULE_KERNELS(X)                                                                 \
    GRADWRIGHT_RULE_KERNEL(X, stepDescent)                                                         \
    GRADWRIGHT_RULE_KERNEL(X, stepMomentum)                                                        \
    GRADWRIGHT_RULE_KERNEL(X, stepNesterov)                                                        \
    GRADWRIGHT_RULE_KERNEL(X, stepPerceptron)                                                      \
    GRADWRIGHT_RULE_KERNEL(X, stepLion)                                                            \
    GRADWRIGHT_RULE_KERNEL(X, stepAdagrad)                                                         \
    GRADWRIGHT_RULE_KERNEL(X, stepAdadelta)                                                        \
    GRADWRIGHT_RULE_KERNEL(X, stepRmsprop)                                                         \
    GRADWRIGHT_RULE_KERNEL(X, stepRmspropCentered)                                                 \
    GRADWRIGHT_RULE_KERNEL(X, stepRmspropMomentum)                                                 \
    GRADWRIGHT_RULE_KERNEL(X, stepRmspropCenteredMomentum)                                         \
    GRADWRIGHT_RULE_KERNEL(X, stepAdam)                                                            \
    GRADWRIGHT_RULE_KERNEL(X, stepAdamw)                                                           \
    GRADWRIGHT_RULE_KERNEL(X, stepAmsgrad)                                                         \
    GRADWRIGHT_RULE_KERNEL(X, stepAdamax)                                                          \
    GRADWRIGHT_RULE_KERNEL(X, stepNadam)                                                           \
    GRADWRIGHT_RULE_KERNEL(X, stepRadam)                                                           \
    GRADWRIGHT_RULE_KERNEL(X, stepLamb)
#define GRADWRIGHT_RULE_KERNEL(X, name)                                                            \
    X(update, name,                                                                                \
      (const UpdateEntry* entries, const UpdateBlock* blocks, const void* rules,                   \
       const StepSums* sums),                                                                      \
      (entries, blocks, rules, sums))

namespace gradwright::cuda::kernel {
GRADWRIGHT_UPDATE_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
