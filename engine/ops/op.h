// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/activation.h"
#include "engine/tensor/shape.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace gradwright {

/// Rows and columns.
using Extent2d = std::array<std::int64_t, 2>;

/// Zeros (for max pooling: nothing) put around an image.
struct Padding2d {
    std::int64_t top = 0, bottom = 0, left = 0, right = 0;
    bool operator==(const Padding2d&) const = default;
};

// Every op has one output and leaves the batch out of its shapes. Weights are listed in order.

/// Cross-correlation. C×H×W → outChannels×H'×W'. Weights: kernel [outChannels, C/groups, kh, kw],
/// then bias [outChannels] when `bias`.
struct Conv2dOp {
    std::int64_t outChannels = 1;
    Extent2d kernel{1, 1}, stride{1, 1}, dilation{1, 1}; ///< dilation 1 = dense
    Padding2d padding{};
    std::int64_t groups = 1;
    bool bias = true;
    bool operator==(const Conv2dOp&) const = default;
};

/// F → units, y = W x + b. Weights: kernel [units, F], then bias [units] when `bias`.
struct DenseOp {
    std::int64_t units = 1;
    bool bias = true;
    bool operator==(const DenseOp&) const = default;
};

enum class PoolKind { Max, Average };

/// C×H×W → C×H'×W'. Average divides by the number of elements inside the image
/// (`countPadding` false) or by the kernel's size. Of equal maxima the first takes the gradient.
struct Pool2dOp {
    PoolKind kind = PoolKind::Max;
    Extent2d kernel{2, 2}, stride{2, 2};
    Padding2d padding{};
    bool countPadding = false;
    bool operator==(const Pool2dOp&) const = default;
};

/// C×H×W → C, the mean over rows and columns.
struct GlobalAveragePoolOp {
    bool operator==(const GlobalAveragePoolOp&) const = default;
};

/// Ioffe, Szegedy 2015, over batch and positions, for each channel (axis 0). In training with the
/// batch's biased variance; in inference with the running statistics, which move by `momentum`
/// towards the batch's mean and unbiased variance at each update (PyTorch's convention).
/// Weights: scale, shift, running_mean, running_variance, each [C].
struct BatchNormOp {
    double epsilon = 1e-5;
    double momentum = 0.1;
    bool operator==(const BatchNormOp&) const = default;
};

/// Elementwise.
struct ActivationOp {
    Activation activation;
    bool operator==(const ActivationOp&) const = default;
};

/// exp(x - max) / sum over axis 0 (channels or features).
struct SoftmaxOp {
    bool operator==(const SoftmaxOp&) const = default;
};

/// In training: zero with probability `rate`, else x / (1 - rate) (Srivastava et al. 2014).
/// The mask is that of dropoutKeeps() for (seed, stream, step). In inference: identity.
struct DropoutOp {
    double rate = 0.5;
    std::uint32_t stream = 0; ///< unique in the graph
    bool operator==(const DropoutOp&) const = default;
};

/// The same elements in row-major order under another shape.
struct ReshapeOp {
    Shape shape;
    bool operator==(const ReshapeOp&) const = default;
};

/// The elementwise sum of two or more inputs of one shape.
struct AddOp {
    bool operator==(const AddOp&) const = default;
};

/// Joins inputs that agree in all but axis `axis` (0 = channels or features).
struct ConcatOp {
    std::int64_t axis = 0;
    bool operator==(const ConcatOp&) const = default;
};

/// Class index → vector of `classes` elements with a single 1. No gradient.
struct OneHotOp {
    std::int64_t classes = 1;
    bool operator==(const OneHotOp&) const = default;
};

/// (logits [K], class index) → per-sample loss [1]: log(sum exp z) - z[target].
struct SoftmaxCrossEntropyOp {
    bool operator==(const SoftmaxCrossEntropyOp&) const = default;
};

/// (prediction, target of the same shape) → per-sample loss [1]: mean of squared differences.
struct MeanSquaredErrorOp {
    bool operator==(const MeanSquaredErrorOp&) const = default;
};

using OpAttributes = std::variant<Conv2dOp, DenseOp, Pool2dOp, GlobalAveragePoolOp, BatchNormOp,
                                  ActivationOp, SoftmaxOp, DropoutOp, ReshapeOp, AddOp, ConcatOp,
                                  OneHotOp, SoftmaxCrossEntropyOp, MeanSquaredErrorOp>;

/// A short name for reports, e.g. "conv2d".
std::string_view nameOf(const OpAttributes& attributes);

enum class ElementType { Real, ClassIndex };

/// What flows along an edge: `shape` without the batch. A ClassIndex is a 32-bit integer a sample,
/// of shape {1}.
struct ValueType {
    Shape shape;
    ElementType element = ElementType::Real;
    bool operator==(const ValueType&) const = default;
};

/// The output's type. Throws Error with the rule and the received shapes when they do not fit.
ValueType inferType(const OpAttributes& attributes, std::span<const ValueType> inputs);

/// Multiply-accumulates for one sample: convolutions and dense layers, and one an element for batch
/// normalization. Throws Error above 2^45.
std::int64_t macsOf(const OpAttributes& attributes, std::span<const ValueType> inputs);

/// Output length along one axis: floor((in + pad - ((kernel - 1)·dilation + 1)) / stride) + 1, or a
/// value < 1 when the kernel does not fit.
std::int64_t windowOutput(std::int64_t in, std::int64_t kernel, std::int64_t stride,
                          std::int64_t padding, std::int64_t dilation = 1);

template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

} // namespace gradwright
