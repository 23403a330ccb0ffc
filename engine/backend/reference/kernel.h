// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/support/stopped.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gradwright::reference {

/// What one op reads and writes: plain row-major arrays, [batch, …].
template <class T>
struct Frame {
    std::string path; ///< of the layer, for errors
    std::int64_t batch = 1;
    Mode mode = Mode::Inference;
    StepSeed seed; ///< of the current step
    /// Where statistics are those of all ranks' samples: what the step shares; else null.
    const SharedBatch* shared = nullptr;
    /// Kernels whose loops may take seconds look at it and throw WorkStopped.
    std::stop_token stop;

    std::vector<ValueType> inputTypes;
    ValueType outputType;
    std::vector<std::span<const T>> inputs; ///< empty for class indices
    std::span<const std::int32_t> classes;  ///< the class-index input, one per sample
    std::span<T> output;                    ///< the first one
    std::vector<ValueType> outputTypes;
    std::vector<std::span<T>> outputs;

    std::vector<std::span<const std::int32_t>> indices; ///< by input: of I32 that is fed

    /// An element of an input of any type. Integers and truth values that ops make are kept as
    /// real numbers.
    [[nodiscard]] T number(std::size_t input, std::size_t element) const {
        return indices[input].empty() ? inputs[input][element]
                                      : static_cast<T>(indices[input][element]);
    }
    [[nodiscard]] Shape inputShape(std::size_t index) const {
        return inputTypes[index].shapeFor(batch);
    }
    [[nodiscard]] Shape outputShape() const { return outputType.shapeFor(batch); }

    // In the backward pass. Gradients are added to; they start as zeros.
    std::vector<std::span<T>> inputGradients;        ///< empty for class indices
    std::span<const T> outputGradient;               ///< of the first output
    std::vector<std::span<const T>> outputGradients; ///< of all
    std::vector<std::span<T>> weights;
    std::vector<std::span<T>> weightGradients;
};

/// One op of a program, with what its forward pass leaves for its backward pass.
template <class T>
class Kernel {
public:
    virtual ~Kernel() = default;

    virtual void forward(const Frame<T>& frame) = 0;
    /// The backward pass of ops whose gradient is fused.
    virtual void backward(const Frame<T>& frame) {
        throw Error("{} has no fused gradient", frame.path);
    }
    /// Moves tracked statistics towards those of the last forward pass.
    virtual void updateStatistics(const Frame<T>& /*frame*/) {}
};

template <class T>
using KernelPtr = std::unique_ptr<Kernel<T>>;

// `frame` has its types, batch and mode, so that scratch is allocated here, once.
template <class T>
KernelPtr<T> makeKernel(const ConvOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ConvTransposeOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const DenseOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const PoolOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const GlobalAveragePoolOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const BatchNormOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const NormalizeOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const LocalResponseNormOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ActivationOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const PreluOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const SoftmaxOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const DropoutOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const GaussianNoiseOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ReshapeOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const PermuteOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const SplitOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ResampleOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const AddOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const CombineOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ConcatOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const EmbeddingOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const PositionOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const RecurrentOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const AttentionOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const OneHotOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const SoftmaxCrossEntropyOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const MeanSquaredErrorOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ElementLossOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const HingeLossOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const CosineLossOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const LossSeedOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const UnaryOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const BinaryOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const CompareOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const LogicOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const WhereOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const CastOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const FillOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ExpandOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const MatMulOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ReduceOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ArgMaxOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const TopKOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const GatherOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const QuantizeOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const DequantizeOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const MatMulIntegerOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ConvIntegerOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const ShapeOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const FusedOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const FusedProductOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const QuantizedProductOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const QuantizedPoolOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const FakeQuantizeOp& op, const Frame<T>& frame);
template <class T>
KernelPtr<T> makeKernel(const PackedDenseOp& op, const Frame<T>& frame);

/// At the end of each family's file: both precisions of one op.
#define GRADWRIGHT_REFERENCE_KERNEL(Op)                                                            \
    template KernelPtr<float> makeKernel(const Op&, const Frame<float>&);                          \
    template KernelPtr<double> makeKernel(const Op&, const Frame<double>&)

/// The product of all dimensions after the first: positions of a channel.
inline std::int64_t positionsOf(const Shape& shape) {
    return shape.elements() / shape[0];
}

/// The index of (row, column) in a row-major array [rows, columns].
inline std::size_t indexOf(std::int64_t columns, std::int64_t row, std::int64_t column) {
    return static_cast<std::size_t>(row * columns + column);
}

/// The same for (n, c, position) where a channel has `positions` of them.
inline std::size_t indexOf(std::int64_t channels, std::int64_t positions, std::int64_t n,
                           std::int64_t c, std::int64_t position) {
    return static_cast<std::size_t>((n * channels + c) * positions + position);
}

/// Throws Error unless every class is one of 0 … classes - 1.
void requireClasses(std::span<const std::int32_t> indices, std::int64_t classes,
                    std::string_view path);

} // namespace gradwright::reference
