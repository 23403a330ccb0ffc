// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

// Element-wise ops and copies along other axes.
#define GRADWRIGHT_ELEMENT_KERNELS(X)                                                              \
    X(element, unary, (Operand x, float* y, ElementAxes axes, ScaledFunction f), (x, y, axes, f))  \
    X(element, binary, (Operand a, Operand b, float* y, ElementAxes axes, ScaledFunction f),       \
      (a, b, y, axes, f))                                                                          \
    X(element, compare, (Operand a, Operand b, float* y, ElementAxes axes, std::int32_t kind),     \
      (a, b, y, axes, kind))                                                                       \
    X(element, logic, (Operand a, Operand b, float* y, ElementAxes axes, std::int32_t kind),       \
      (a, b, y, axes, kind))                                                                       \
    X(element, where, (Operand condition, Operand a, Operand b, float* y, ElementAxes axes),       \
      (condition, a, b, y, axes))                                                                  \
    X(element, castSaturating, (Operand x, float* y, ElementAxes axes, float least, float most),   \
      (x, y, axes, least, most))                                                                   \
    X(element, castWrapping,                                                                       \
      (Operand x, float* y, ElementAxes axes, std::int32_t bits, std::int32_t isSigned),           \
      (x, y, axes, bits, isSigned))                                                                \
    X(element, castTruth, (Operand x, float* y, ElementAxes axes), (x, y, axes))                   \
    X(element, copyAlong, (Operand from, float* to, ElementAxes axes, Strided toStrides),          \
      (from, to, axes, toStrides))                                                                 \
    X(element, runFused, (FusedProgram program, ElementAxes axes), (program, axes))                \
    X(element, fill, (float* to, std::uint64_t size, float value), (to, size, value))              \
    X(element, activate,                                                                           \
      (const float* x, float* y, std::uint64_t size, std::int32_t kind, float alpha),              \
      (x, y, size, kind, alpha))                                                                   \
    X(element, activateBack,                                                                       \
      (const float* x, const float* gradient, float* out, std::uint64_t size, std::int32_t kind,   \
       float alpha),                                                                               \
      (x, gradient, out, size, kind, alpha))                                                       \
    X(element, scaleBytes,                                                                         \
      (const std::uint8_t* bytes, const float* factors, const float* offsets, float* to,           \
       std::uint64_t size, std::uint64_t positions, std::uint32_t channels),                       \
      (bytes, factors, offsets, to, size, positions, channels))

namespace gradwright::cuda::kernel {
GRADWRIGHT_ELEMENT_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
