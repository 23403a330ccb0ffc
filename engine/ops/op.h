// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/activation.h"
#include "engine/tensor/shape.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace gradwright {

/// Rows and columns.
using Extent2d = std::array<std::int64_t, 2>;

/// Lengths along the axes after the channels, of which there are at most three; those that a value
/// does not have are 1.
class Extents {
public:
    Extents() = default;
    Extents(std::initializer_list<std::int64_t> lengths) {
        std::copy_n(lengths.begin(), std::min(lengths.size(), lengths_.size()), lengths_.begin());
    }
    Extents(const Extent2d& extent)
        : lengths_{extent[0], extent[1], 1} {}
    explicit Extents(std::span<const std::int64_t> lengths) {
        std::copy_n(lengths.begin(), std::min(lengths.size(), lengths_.size()), lengths_.begin());
    }

    [[nodiscard]] std::int64_t operator[](std::size_t axis) const { return lengths_[axis]; }
    [[nodiscard]] std::int64_t& operator[](std::size_t axis) { return lengths_[axis]; }
    [[nodiscard]] std::int64_t product() const { return lengths_[0] * lengths_[1] * lengths_[2]; }
    [[nodiscard]] auto begin() const { return lengths_.begin(); }
    [[nodiscard]] auto end() const { return lengths_.end(); }
    bool operator==(const Extents&) const = default;

private:
    std::array<std::int64_t, 3> lengths_{1, 1, 1};
};

/// Zeros (for max pooling: nothing) put around an image.
struct Padding2d {
    std::int64_t top = 0, bottom = 0, left = 0, right = 0;
    bool operator==(const Padding2d&) const = default;
};

/// The same for up to three axes: before and after the first, before and after the second, ….
class Padding {
public:
    Padding() = default;
    Padding(std::initializer_list<std::int64_t> sides) {
        std::copy_n(sides.begin(), std::min(sides.size(), sides_.size()), sides_.begin());
    }
    Padding(const Padding2d& padding)
        : sides_{padding.top, padding.bottom, padding.left, padding.right} {}
    explicit Padding(std::span<const std::int64_t> sides) {
        std::copy_n(sides.begin(), std::min(sides.size(), sides_.size()), sides_.begin());
    }

    [[nodiscard]] std::int64_t before(std::size_t axis) const { return sides_[2 * axis]; }
    [[nodiscard]] std::int64_t after(std::size_t axis) const { return sides_[2 * axis + 1]; }
    [[nodiscard]] std::int64_t& after(std::size_t axis) { return sides_[2 * axis + 1]; }
    [[nodiscard]] std::int64_t both(std::size_t axis) const { return before(axis) + after(axis); }
    [[nodiscard]] auto begin() const { return sides_.begin(); }
    [[nodiscard]] auto end() const { return sides_.end(); }
    bool operator==(const Padding&) const = default;

private:
    std::array<std::int64_t, 6> sides_{};
};

// Every op has one output and leaves the batch out of its shapes. Weights are listed in order.
// "Positions" are the one, two or three axes after the channels: steps of a sequence, rows and
// columns of an image, or slices, rows and columns of a volume.

/// Cross-correlation. C×positions → outChannels×positions'. Weights: kernel [outChannels, C/groups,
/// …kernel], then bias [outChannels] when `bias`.
struct ConvOp {
    std::int64_t outChannels = 1;
    Extents kernel{}, stride{}, dilation{}; ///< dilation 1 = dense
    Padding padding{};
    std::int64_t groups = 1;
    bool bias = true;
    bool operator==(const ConvOp&) const = default;
};

/// The adjoint of a ConvOp: C×positions → outChannels×positions', where each input element adds the
/// kernel, weighed by it, to the output. Length along an axis: (in - 1)·stride - padding +
/// (kernel - 1)·dilation + 1 + outputPadding. Weights: kernel [C, outChannels/groups, …kernel],
/// then bias [outChannels] when `bias`.
struct ConvTransposeOp {
    std::int64_t outChannels = 1;
    Extents kernel{}, stride{}, dilation{};
    Padding padding{};       ///< taken off the output
    Padding outputPadding{}; ///< rows that no kernel reaches, only after; less than the stride
    std::int64_t groups = 1;
    bool bias = true;
    bool operator==(const ConvTransposeOp&) const = default;
};

/// F → units, y = W x + b, on the last axis: of a sequence T×F, each step for itself. Weights:
/// kernel [units, F], then bias [units] when `bias`.
struct DenseOp {
    std::int64_t units = 1;
    bool bias = true;
    bool operator==(const DenseOp&) const = default;
};

enum class PoolKind { Max, Average };

/// C×positions → C×positions'. Average divides by the number of elements inside the image
/// (`countPadding` false) or by the kernel's size. Of equal maxima the first takes the gradient.
struct PoolOp {
    PoolKind kind = PoolKind::Max;
    Extents kernel{2, 2}, stride{2, 2};
    Padding padding{};
    bool countPadding = false;
    bool operator==(const PoolOp&) const = default;
};

/// C×positions → C, the mean over all positions.
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

/// Brings groups of values within a sample to mean 0 and variance 1: y = (x - mean) /
/// sqrt(variance + epsilon) · scale + shift, with the biased variance; without `centre`, x /
/// sqrt(mean of x² + epsilon) · scale. A group is what the axes from `axis` on hold, or one of
/// `groups` equal parts of that. Layer normalization (Ba, Kiros, Hinton 2016) has one group, group
/// normalization (Wu, He 2018) several along the channels, instance normalization (Ulyanov et al.
/// 2016) one a channel, RMS normalization (Zhang, Sennrich 2019) no centre. Weights: scale when
/// `scale`, then shift when `shift`, each of [axis 0's length] when `perChannel`, else of the shape
/// of the axes from `axis` on.
struct NormalizeOp {
    std::int64_t axis = 0;
    std::int64_t groups = 1;
    bool perChannel = false; ///< only with axis 0
    bool centre = true;
    double epsilon = 1e-5;
    bool scale = true;
    bool shift = true;
    bool operator==(const NormalizeOp&) const = default;
};

/// x / (k + alpha / size · Σ x²)^beta, where the sum runs over `size` neighbouring channels at the
/// same position, (size - 1) / 2 of them (rounded up) before it (Krizhevsky, Sutskever, Hinton
/// 2012; alpha is divided by the size as in PyTorch and ONNX).
struct LocalResponseNormOp {
    std::int64_t size = 5;
    double alpha = 1e-4, beta = 0.75, k = 1.0;
    bool operator==(const LocalResponseNormOp&) const = default;
};

/// Elementwise.
struct ActivationOp {
    Activation activation;
    bool operator==(const ActivationOp&) const = default;
};

/// x where x > 0, else a · x with a learned a. Weights: a, of [axis 0's length] for one a channel
/// or of [1] for one in all.
struct PreluOp {
    bool perChannel = true;
    bool operator==(const PreluOp&) const = default;
};

/// exp(x - max) / sum over axis 0 (channels or features), or the logarithm of that.
struct SoftmaxOp {
    bool logarithm = false;
    bool operator==(const SoftmaxOp&) const = default;
};

/// In training: zero with probability `rate`, else x / (1 - rate) (Srivastava et al. 2014).
/// The mask is that of dropoutKeeps() for (seed, stream, step). In inference: identity.
struct DropoutOp {
    double rate = 0.5;
    std::uint32_t stream = 0; ///< unique in the graph
    /// Decides for a whole channel (an index of axis 0) at once (Tompson et al. 2014).
    bool perChannel = false;
    bool operator==(const DropoutOp&) const = default;
};

/// In training: x plus normal noise of that standard deviation, that of gaussianNoise() for (seed,
/// stream, step). In inference: identity.
struct GaussianNoiseOp {
    double deviation = 0.1;
    std::uint32_t stream = 0; ///< unique in the graph
    bool operator==(const GaussianNoiseOp&) const = default;
};

/// The same elements in row-major order under another shape.
struct ReshapeOp {
    Shape shape;
    bool operator==(const ReshapeOp&) const = default;
};

/// Axis i of the output is axis axes[i] of the input.
struct PermuteOp {
    std::vector<std::int64_t> axes;
    bool operator==(const PermuteOp&) const = default;
};

/// The elementwise sum of two or more inputs of one shape.
struct AddOp {
    bool operator==(const AddOp&) const = default;
};

enum class CombineKind { Subtract, Multiply, Average, Maximum, Minimum };

/// Two or more inputs (Subtract: two) element by element. Shapes are broadcast: axes are aligned at
/// the first one (the channels), and one that is missing or of length 1 is repeated; so a vector of
/// C multiplies an image C×H×W channel by channel. Of equal maxima (minima) the first input takes
/// the gradient.
struct CombineOp {
    CombineKind kind = CombineKind::Multiply;
    bool operator==(const CombineOp&) const = default;
};

enum class Border { Zero, Reflect, Replicate };

/// How one axis is taken from the input: a linear map with few terms.
struct AxisMap {
    enum class Kind {
        Keep,    ///< as it is
        Shift,   ///< y[i] = x[first + i·step]; outside, as `border` says
        Nearest, ///< y[i] = x[floor(i · in / size)]
        Linear,  ///< between the two neighbours of (i + 1/2) · in / size - 1/2
        Mean     ///< of x from floor(i · in / size) to ceil((i + 1) · in / size)
    };
    Kind kind = Kind::Keep;
    std::int64_t size = 0; ///< of the output
    std::int64_t first = 0;
    std::int64_t step = 1;
    Border border = Border::Zero;
    bool operator==(const AxisMap&) const = default;
};

/// Padding, cropping, slicing, upsampling and adaptive averaging: each axis through its map, one
/// after the other.
struct ResampleOp {
    std::vector<AxisMap> axes; ///< as many as the input has
    bool operator==(const ResampleOp&) const = default;
};

/// T numbers that are whole, from 0 to vocabulary - 1 → T×dimensions, row by row of the table. The
/// numbers get no gradient. Weights: table [vocabulary, dimensions].
struct EmbeddingOp {
    std::int64_t vocabulary = 1;
    std::int64_t dimensions = 1;
    bool operator==(const EmbeddingOp&) const = default;
};

/// x + table, T×F. Sinusoids after Vaswani et al. 2017, 3.5: sin(t / 10000^(i / F)) for even i,
/// cos(t / 10000^((i - 1) / F)) for odd ones; or, `learned`, weights: table [T, F].
struct PositionOp {
    bool learned = false;
    bool operator==(const PositionOp&) const = default;
};

/// The sinusoids of PositionOp, row-major.
std::vector<double> sinusoids(std::int64_t steps, std::int64_t features);

enum class CellKind { Simple, Lstm, Gru };

/// T×F → T×units: the hidden state after each step, from zero. `reverse` runs from the last step to
/// the first, and keeps each state at its step. Cells and the order of their gates are PyTorch's:
///   Simple: h' = tanh(a), a = W x + b + U h + c (Elman 1990); with `relu` max(0, a);
///   Lstm, gates i, f, g, o: c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c') (Hochreiter,
///     Schmidhuber 1997; forget gate of Gers et al. 2000);
///   Gru, gates r, z, n: n = tanh(W_n x + b_n + σ(r) (U_n h + c_n)), h' = (1 - σ(z)) n + σ(z) h
///   (Cho
///     et al. 2014, reset after the product).
/// Weights: W [gates·units, F], U [gates·units, units], then b and c [gates·units] when `bias`.
struct RecurrentOp {
    CellKind cell = CellKind::Lstm;
    std::int64_t units = 1;
    bool reverse = false;
    bool relu = false;
    bool bias = true;
    bool operator==(const RecurrentOp&) const = default;
};
std::int64_t gatesOf(CellKind cell);

/// Scaled dot-product attention of several heads (Vaswani et al. 2017, 3.2). T×3E → T×E: the input
/// holds queries, keys and values side by side; head h has features h·E/heads to (h + 1)·E/heads of
/// each. softmax(Q Kᵀ / sqrt(E / heads)) V; `causal`: a step sees itself and earlier ones only.
struct AttentionOp {
    std::int64_t heads = 1;
    bool causal = false;
    bool operator==(const AttentionOp&) const = default;
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

// Losses: (prediction, target) → per-sample loss [1]. But for the mean squared error, the target
// gets no gradient.

/// (logits [K], class index or probabilities [K]) → -Σ_k q_k w_k (1 - p_k)^focusing log p_k with p
/// = softmax(logits). q is the target, one-hot for a class, mixed with `labelSmoothing` of the
/// uniform distribution (Szegedy et al. 2016, section 7); w are the class weights, 1 where none are
/// given; with `focusing` above 0 it is the focal loss (Lin et al. 2017).
struct SoftmaxCrossEntropyOp {
    double labelSmoothing = 0;
    double focusing = 0;
    std::vector<double> classWeights{}; ///< none, or K
    bool operator==(const SoftmaxCrossEntropyOp&) const = default;
};

enum class ElementLossKind {
    AbsoluteError, ///< mean of |x - t|
    Huber,         ///< mean of d²/2 where |d| = |x - t| <= δ, else δ(|d| - δ/2) (Huber 1964)
    BinaryCrossEntropy, ///< mean of -w t log σ(x) - (1 - t) log(1 - σ(x)), w for what is positive
    KullbackLeibler,    ///< Σ t (log t - x) for logarithms x of probabilities
    PerceptronCriterion ///< Σ (step(x) - t) x, step(0) = 0, whose gradient is Rosenblatt's rule
};

/// (prediction, target of the same shape), element by element.
struct ElementLossOp {
    ElementLossKind kind = ElementLossKind::AbsoluteError;
    double parameter = 1; ///< δ of Huber, w of BinaryCrossEntropy
    bool operator==(const ElementLossOp&) const = default;
};

/// (scores [K], class index y) → Σ_{k ≠ y} max(0, margin - x_y + x_k) / K, or of its squares
/// (Crammer, Singer 2001, in PyTorch's form multi_margin_loss).
struct HingeLossOp {
    double margin = 1;
    bool squared = false;
    bool operator==(const HingeLossOp&) const = default;
};

/// (prediction, target of the same shape) → 1 - x·t / max(|x| |t|, 1e-8).
struct CosineLossOp {
    bool operator==(const CosineLossOp&) const = default;
};

/// (prediction, target of the same shape) → per-sample loss [1]: mean of squared differences.
struct MeanSquaredErrorOp {
    bool operator==(const MeanSquaredErrorOp&) const = default;
};

using OpAttributes =
    std::variant<ConvOp, ConvTransposeOp, DenseOp, PoolOp, GlobalAveragePoolOp, BatchNormOp,
                 NormalizeOp, LocalResponseNormOp, ActivationOp, PreluOp, SoftmaxOp, DropoutOp,
                 GaussianNoiseOp, ReshapeOp, PermuteOp, ResampleOp, AddOp, CombineOp, ConcatOp,
                 EmbeddingOp, PositionOp, RecurrentOp, AttentionOp, OneHotOp, SoftmaxCrossEntropyOp,
                 MeanSquaredErrorOp, ElementLossOp, HingeLossOp, CosineLossOp>;

/// A short name for reports, e.g. "conv".
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

/// Multiply-accumulates for one sample: of convolutions, dense layers, recurrent cells and
/// attention, and one an element for normalizations. Throws Error above 2^45.
std::int64_t macsOf(const OpAttributes& attributes, std::span<const ValueType> inputs);

/// Output length along one axis: floor((in + pad - ((kernel - 1)·dilation + 1)) / stride) + 1, or a
/// value < 1 when the kernel does not fit.
std::int64_t windowOutput(std::int64_t in, std::int64_t kernel, std::int64_t stride,
                          std::int64_t padding, std::int64_t dilation = 1);

/// The shape to which CombineOp brings its inputs. Throws Error when they do not fit together.
Shape broadcastShape(std::span<const Shape> shapes);

/// The terms of each element of an AxisMap's output: y[i] = Σ weight · x[index] over
/// begin[i] … begin[i + 1].
struct AxisTerms {
    std::vector<std::size_t> begin;
    std::vector<std::int64_t> index;
    std::vector<double> weight;
};
AxisTerms termsOf(const AxisMap& map, std::int64_t in);

template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

} // namespace gradwright
