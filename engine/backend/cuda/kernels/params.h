// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Arguments of kernels, seen by the host and by the device alike: plain numbers and pointers to the
// device's memory.

#include <cstddef>
#include <cstdint>

namespace gradwright::cuda {

inline constexpr int kMostAxes = 8;

/// What changes from step to step: read from the device's memory, since recorded work keeps the
/// arguments of its first run.
struct StepScalars {
    std::uint64_t seed = 0;
    std::uint64_t step = 0;
    double learningRate = 0;
};

/// What a step leaves for the host, in front of the squared norms of the gradients.
struct StepSums {
    double loss = 0;
    std::int32_t isFinite = 0; ///< the loss and, in training, the gradients
    std::int32_t badIndex = 0; ///< 1 + the place of an op that was given an index beyond its data
    double lossScale = 0;      ///< that the gradients had, see LossScale; 0: none
};

/// LossScale in the device's memory.
struct DeviceLossScale {
    double scale = 1;
    std::uint32_t goodSteps = 0, goodStepsToDouble = 0;
};

/// Lengths and strides of a row-major array seen along other axes, the last axis fastest. Strides
/// count elements; 0 repeats.
struct Strided {
    int rank = 0;
    std::uint32_t length[kMostAxes] = {};
    std::int64_t stride[kMostAxes] = {};
};

/// C = A · B of matrices with any strides, in FP32: c(i, j) = Σ_k a(i, k) b(k, j) + bias(j), for
/// each of a stack of them. Strides count elements; a stack's stride of 0 repeats the matrix.
struct ProductShape {
    std::uint32_t rows = 0, columns = 0, depth = 0;
    std::int64_t aRow = 0, aDepth = 0;
    std::int64_t bDepth = 0, bColumn = 0;
    std::int64_t cRow = 0, cColumn = 0;
    Strided aStack{}, bStack{}; ///< the axes of the stack with the strides of A, of B
    std::int64_t cStack = 0;
    std::uint32_t parts = 1; ///< of the depth, each by blocks of its own into its own C
};

/// A convolution over up to three axes of positions, all arrays row-major [batch, channels, …].
struct ConvShape {
    std::uint32_t batch = 1, groups = 1;
    std::uint32_t inChannels = 1, outChannels = 1; ///< of a group
    std::uint32_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1}, kernel[3] = {1, 1, 1};
    std::uint32_t stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1};
    std::int32_t padding[3] = {};
    std::uint32_t parts = 1; ///< of the sum of a kernel's gradient
};

/// An input of an element-wise op: real numbers, or I32 as they are fed, with the strides along the
/// axes of the output (0 where it is repeated).
struct Operand {
    const void* data = nullptr;
    std::int32_t isIndices = 0;
    std::int64_t stride[kMostAxes] = {};
};

/// The axes of an element-wise op's output.
struct ElementAxes {
    std::int32_t rank = 0;
    std::uint64_t elements = 0;
    std::uint32_t length[kMostAxes] = {};
};

/// y = scale · f(x) + shift; `a` and `b` belong to f.
struct ScaledFunction {
    std::int32_t kind = 0; ///< of the enumeration that goes with the kernel
    float scale = 1, shift = 0, a = 0, b = 0;
};

inline constexpr int kMostFusedInputs = 8;
inline constexpr int kMostFusedRegisters = 40;
inline constexpr int kMostFusedOperands = 4;

/// One step of a fused op, over the registers of an element.
struct FusedStep {
    /// Which enumeration `f.kind` belongs to.
    enum class Family : std::int32_t {
        Unary,
        Binary,
        Compare,
        Logic,
        Where,
        Truth,
        Copy,
        Activation,
        ActivationSlope
    };
    Family family = Family::Copy;
    ScaledFunction f;
    std::int32_t operands[kMostFusedOperands] = {};
    std::int32_t result = 0;
};

/// A register that is read outside.
struct FusedResult {
    float* to = nullptr;
    std::int32_t from = 0;
};

/// A fused op: registers 0 … inputs - 1 are its inputs.
struct FusedProgram {
    Operand input[kMostFusedInputs];
    const FusedStep* step = nullptr;
    const FusedResult* result = nullptr;
    std::int32_t inputs = 0, steps = 0, results = 0;
};

} // namespace gradwright::cuda
