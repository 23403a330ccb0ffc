// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/cuda/kernels/element_functions.cuh"

namespace gradwright::cuda::kernels {

inline constexpr unsigned kFusedThreads = 256;

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
                             const ScaledFunction& f) {
    forEachElement(
        axes, y,
        [&](float value) {
            return f.scale * unaryOf(static_cast<UnaryKind>(f.kind), f.a, f.b, value) + f.shift;
        },
        x);
}

__device__ inline void binary(const Operand& a, const Operand& b, float* y, const ElementAxes& axes,
                              const ScaledFunction& f) {
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

/// Fractions are cut off; no number becomes 0.
__device__ inline void castSaturating(const Operand& x, float* y, const ElementAxes& axes,
                                      float least, float most) {
    forEachElement(
        axes, y,
        [&](float value) {
            return value != value ? 0.0F : fminf(fmaxf(truncf(value), least), most);
        },
        x);
}

/// The integer of 8 or 32 bits that has the low bits.
__device__ inline void castWrapping(const Operand& x, float* y, const ElementAxes& axes, int bits,
                                    int isSigned) {
    forEachElement(
        axes, y,
        [&](float value) {
            const auto whole = static_cast<std::int64_t>(fmodf(value, 4294967296.0F));
            if (bits == 32)
                return static_cast<float>(static_cast<std::int32_t>(whole));
            return isSigned ? static_cast<float>(static_cast<std::int8_t>(whole))
                            : static_cast<float>(static_cast<std::uint8_t>(whole));
        },
        x);
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

/// The registers of a block's threads, a column each.
using FusedRegisters = float[kMostFusedRegisters][kFusedThreads];

__device__ inline float resultOf(const FusedStep& step, const FusedRegisters& registers) {
    const auto at = [&](int operand) { return registers[step.operands[operand]][threadIdx.x]; };
    const auto& f = step.f;
    switch (step.family) {
    case FusedStep::Family::Unary:
        return f.scale * unaryOf(static_cast<UnaryKind>(f.kind), f.a, f.b, at(0)) + f.shift;
    case FusedStep::Family::Binary:
        return f.scale * binaryOf(static_cast<BinaryKind>(f.kind), at(0), at(1)) + f.shift;
    case FusedStep::Family::Compare:
        return holds(static_cast<Comparison>(f.kind), at(0), at(1)) ? 1.0F : 0.0F;
    case FusedStep::Family::Logic:
        return logicOf(static_cast<LogicKind>(f.kind), at(0) != 0, at(1) != 0) ? 1.0F : 0.0F;
    case FusedStep::Family::Where:
        return at(0) != 0 ? at(1) : at(2);
    case FusedStep::Family::Truth:
        return at(0) != 0 ? 1.0F : 0.0F;
    case FusedStep::Family::Copy:
        return at(0);
    case FusedStep::Family::Activation:
        return activationOf(static_cast<ActivationKind>(f.kind), f.a, at(0));
    case FusedStep::Family::ActivationSlope:
        return at(0) * derivativeOf(static_cast<ActivationKind>(f.kind), f.a, at(1));
    }
    return 0.0F;
}

/// All steps of an element, then the thread's next element.
__device__ inline void runFused(const FusedProgram& program, const ElementAxes& axes) {
    GRADWRIGHT_SHARED(registers, FusedRegisters);
    for (std::size_t i = firstElement(); i < axes.elements; i += allThreads()) {
        GRADWRIGHT_UNROLL
        for (int input = 0; input < kMostFusedInputs; ++input) {
            if (input >= program.inputs)
                continue;
            const Operand& operand = program.input[input];
            std::int64_t at = 0;
            forEachAxis(axes, i, [&](int axis, std::int64_t k) { at += k * operand.stride[axis]; });
            registers[input][threadIdx.x] = load(operand, at);
        }
        for (int step = 0; step < program.steps; ++step)
            registers[program.step[step].result][threadIdx.x] =
                resultOf(program.step[step], registers);
        for (int result = 0; result < program.results; ++result)
            program.result[result].to[i] = registers[program.result[result].from][threadIdx.x];
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
