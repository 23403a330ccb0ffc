// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

namespace gradwright::cuda {

/// One step of all samples. Arrays of a sequence, here from this step on, have a place for each
/// sample every `stride` places; a place is as many numbers as the array is wide.
struct RecurrentStep {
    std::uint32_t samples = 0, units = 0;
    std::int64_t stride = 0;
    std::int64_t beforeStride = 0; ///< the same in what holds the state before this step
};

/// What a step of a cell reads of the step before: U h without the bias, the state itself; null of
/// zeros.
struct RecurrentBefore {
    const float* product = nullptr; ///< [samples, gates · units]
    const float* bias = nullptr;    ///< [gates · units]
    const float* state = nullptr;   ///< h of a GRU, c of an LSTM, by `beforeStride`
};

/// What later steps want of this one's state, [samples, units] each; null: nothing.
struct RecurrentWants {
    const float* later = nullptr;  ///< through the product with U
    const float* direct = nullptr; ///< around it: of a GRU's h
    const float* cell = nullptr;   ///< of an LSTM's c
};

/// A step of a cell as models from elsewhere have it. All samples are at one time; where a sample
/// has ended its state stays as it is.
struct RecurrentVariant {
    const float* peepholes = nullptr; ///< [3 · units] of gates i, f and o; null without
    Operand lengths{};                ///< [samples], data null: all steps
    std::uint32_t time = 0;
    float* h = nullptr;                  ///< [samples, units]: the state, before and after the step
    float* c = nullptr;                  ///< the same of an LSTM
    const float* resetProduct = nullptr; ///< U (σ(r) h) of a GRU that resets first
};

/// The axes of the sequence, for what knows all of its steps.
struct RecurrentAxes {
    std::uint32_t samples = 0, steps = 0, units = 0;
    std::int32_t timeFirst = 0, reverse = 0;
};

} // namespace gradwright::cuda

// Steps of recurrent cells and their gradients. `gates` holds W x + b before a step and the
// activated gates after it; gradients of it are `gateGradients`. A GRU keeps the part of its third
// gate that comes from the state, which the reset gate multiplies.
#define GRADWRIGHT_RECURRENT_KERNELS(X)                                                            \
    X(recurrent, simpleStep,                                                                       \
      (const float* gates, RecurrentBefore before, float* h, RecurrentStep step,                   \
       std::int32_t isRelu),                                                                       \
      (gates, before, h, step, isRelu))                                                            \
    X(recurrent, simpleStepBack,                                                                   \
      (const float* gradient, RecurrentWants wants, const float* h, float* gateGradients,          \
       RecurrentStep step, std::int32_t isRelu),                                                   \
      (gradient, wants, h, gateGradients, step, isRelu))                                           \
    X(recurrent, lstmStep,                                                                         \
      (float* gates, RecurrentBefore before, float* c, float* h, RecurrentStep step),              \
      (gates, before, c, h, step))                                                                 \
    X(recurrent, lstmStepBack,                                                                     \
      (const float* gradient, RecurrentWants wants, const float* gates, const float* c,            \
       const float* cBefore, float* gateGradients, float* cellGradient, RecurrentStep step),       \
      (gradient, wants, gates, c, cBefore, gateGradients, cellGradient, step))                     \
    X(recurrent, gruStep,                                                                          \
      (float* gates, RecurrentBefore before, float* kept, float* h, RecurrentStep step),           \
      (gates, before, kept, h, step))                                                              \
    X(recurrent, gruStepBack,                                                                      \
      (const float* gradient, RecurrentWants wants, const float* gates, const float* kept,         \
       const float* hBefore, float* gateGradients, float* stateGradients, float* direct,           \
       RecurrentStep step),                                                                        \
      (gradient, wants, gates, kept, hBefore, gateGradients, stateGradients, direct, step))        \
    X(recurrent, simpleVariantStep,                                                                \
      (const float* gates, RecurrentBefore before, float* y, RecurrentStep step,                   \
       RecurrentVariant variant, std::int32_t isRelu),                                             \
      (gates, before, y, step, variant, isRelu))                                                   \
    X(recurrent, lstmVariantStep,                                                                  \
      (const float* gates, RecurrentBefore before, float* y, RecurrentStep step,                   \
       RecurrentVariant variant),                                                                  \
      (gates, before, y, step, variant))                                                           \
    X(recurrent, gruVariantStep,                                                                   \
      (const float* gates, RecurrentBefore before, float* y, RecurrentStep step,                   \
       RecurrentVariant variant),                                                                  \
      (gates, before, y, step, variant))                                                           \
    X(recurrent, resetState,                                                                       \
      (const float* gates, RecurrentBefore before, const float* h, float* reset,                   \
       RecurrentStep step),                                                                        \
      (gates, before, h, reset, step))                                                             \
    X(recurrent, statesBefore,                                                                     \
      (const float* h, const float* first, float* before, RecurrentAxes axes),                     \
      (h, first, before, axes))

namespace gradwright::cuda::kernel {
GRADWRIGHT_RECURRENT_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
