// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/cuda/kernels/element_functions.cuh"

namespace gradwright::cuda::kernels {

__device__ inline float load(const Operand& operand, std::int64_t at) {
    return operand.isIndices
               ? static_cast<float>(static_cast<const std::int32_t*>(operand.data)[at])
               : static_cast<const float*>(operand.data)[at];
}

/// The axes' indices of element `index`, one after the other from the last axis on:
/// visit(axis, index). The loop has a fixed length, so that what it indexes stays in registers or
/// in the constant memory that arguments come in.
template <class Visit>
__device__ inline void forEachAxis(const ElementAxes& axes, std::size_t index, const Visit& visit) {
    GRADWRIGHT_UNROLL
    for (int axis = kMostAxes - 1; axis >= 0; --axis)
        if (axis < axes.rank) {
            visit(axis, static_cast<std::int64_t>(index % axes.length[axis]));
            index /= axes.length[axis];
        }
}

/// y[i] = f(x).
template <class F>
__device__ inline void forEachElement(const ElementAxes& axes, float* y, const F& f,
                                      const Operand& x) {
    for (std::size_t i = firstElement(); i < axes.elements; i += allThreads()) {
        std::int64_t at = 0;
        forEachAxis(axes, i, [&](int axis, std::int64_t k) { at += k * x.stride[axis]; });
        y[i] = f(load(x, at));
    }
}

/// y[i] = f(a, b).
template <class F>
__device__ inline void forEachElement(const ElementAxes& axes, float* y, const F& f,
                                      const Operand& a, const Operand& b) {
    for (std::size_t i = firstElement(); i < axes.elements; i += allThreads()) {
        std::int64_t atA = 0;
        std::int64_t atB = 0;
        forEachAxis(axes, i, [&](int axis, std::int64_t k) {
            atA += k * a.stride[axis];
            atB += k * b.stride[axis];
        });
        y[i] = f(load(a, atA), load(b, atB));
    }
}

__device__ inline void unary(const Operand& x, float* y, const ElementAxes& axes,
                             const ElementFunction& f) {
    forEachElement(
        axes, y,
        [&](float value) {
            return f.scale * unaryOf(static_cast<UnaryKind>(f.kind), f.a, f.b, value) + f.shift;
        },
        x);
}

__device__ inline void binary(const Operand& a, const Operand& b, float* y, const ElementAxes& axes,
                              const ElementFunction& f) {
    forEachElement(
        axes, y,
        [&](float left, float right) {
            return f.scale * binaryOf(static_cast<BinaryKind>(f.kind), left, right) + f.shift;
        },
        a, b);
}

__device__ inline void compare(const Operand& a, const Operand& b, float* y,
                               const ElementAxes& axes, std::int32_t kind) {
    forEachElement(
        axes, y,
        [&](float left, float right) {
            return holds(static_cast<Comparison>(kind), left, right) ? 1.0F : 0.0F;
        },
        a, b);
}

__device__ inline void logic(const Operand& a, const Operand& b, float* y, const ElementAxes& axes,
                             std::int32_t kind) {
    forEachElement(
        axes, y,
        [&](float left, float right) {
            return logicOf(static_cast<LogicKind>(kind), left != 0, right != 0) ? 1.0F : 0.0F;
        },
        a, b);
}

__device__ inline void where(const Operand& condition, const Operand& a, const Operand& b, float* y,
                             const ElementAxes& axes) {
    for (std::size_t i = firstElement(); i < axes.elements; i += allThreads()) {
        std::int64_t atCondition = 0;
        std::int64_t atA = 0;
        std::int64_t atB = 0;
        forEachAxis(axes, i, [&](int axis, std::int64_t k) {
            atCondition += k * condition.stride[axis];
            atA += k * a.stride[axis];
            atB += k * b.stride[axis];
        });
        y[i] = load(condition, atCondition) != 0 ? load(a, atA) : load(b, atB);
    }
}

/// Fractions are cut off.
__device__ inline void castWhole(const Operand& x, float* y, const ElementAxes& axes) {
    forEachElement(
        axes, y, [](float value) { return truncf(value); }, x);
}

__device__ inline void castTruth(const Operand& x, float* y, const ElementAxes& axes) {
    forEachElement(
        axes, y, [](float value) { return value != 0 ? 1.0F : 0.0F; }, x);
}

/// Copies along the axes, with strides of their own on both sides.
__device__ inline void copyAlong(const Operand& from, float* to, const ElementAxes& axes,
                                 const Strided& toStrides) {
    for (std::size_t i = firstElement(); i < axes.elements; i += allThreads()) {
        std::int64_t atFrom = 0;
        std::int64_t atTo = 0;
        forEachAxis(axes, i, [&](int axis, std::int64_t k) {
            atFrom += k * from.stride[axis];
            atTo += k * toStrides.stride[axis];
        });
        to[atTo] = load(from, atFrom);
    }
}

__device__ inline void fill(float* to, std::size_t size, float value) {
    for (std::size_t i = firstElement(); i < size; i += allThreads())
        to[i] = value;
}

__device__ inline void activate(const float* x, float* y, std::size_t size, std::int32_t kind,
                                float alpha) {
    for (std::size_t i = firstElement(); i < size; i += allThreads())
        y[i] = activationOf(static_cast<ActivationKind>(kind), alpha, x[i]);
}

__device__ inline void activateBack(const float* x, const float* gradient, float* out,
                                    std::size_t size, std::int32_t kind, float alpha) {
    for (std::size_t i = firstElement(); i < size; i += allThreads())
        out[i] = gradient[i] * derivativeOf(static_cast<ActivationKind>(kind), alpha, x[i]);
}

/// Bytes of [batch, channels, positions] as byte × factor + offset, rounded after each step as the
/// CPU does (no fused multiply-add).
__device__ inline void scaleBytes(const std::uint8_t* bytes, const float* factors,
                                  const float* offsets, float* to, std::size_t size,
                                  std::size_t positions, std::uint32_t channels) {
    for (std::size_t i = firstElement(); i < size; i += allThreads()) {
        const std::size_t channel = i / positions % channels;
        to[i] =
            __fadd_rn(__fmul_rn(static_cast<float>(bytes[i]), factors[channel]), offsets[channel]);
    }
}

} // namespace gradwright::cuda::kernels
