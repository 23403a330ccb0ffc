// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/quantized_product.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradwright::onednn {

/// A QuantizedProductOp on bytes whose channels lie last, for processors that lack instructions for
/// it and for what oneDNN lacks.
struct ByteProductPlan {
    /// `window` is the product as a convolution: a dense layer is one of 1 × 1 over one sample,
    /// whose positions are the rows. The shapes are [samples, channels, …], [outputs, channels of a
    /// group, …] and [samples, outputs, …].
    ByteProductPlan(const QuantizedProductOp& op, const ConvOp& window, const Shape& x,
                    const Shape& taps, const Shape& made);

    ProductFinisher finisher;
    ProductScaling scaling;
    /// Whether the activation does no more than cut off at two limits: then results are made in
    /// plain loops, else by the finisher.
    bool cutsOff = false;
    float least = 0, most = 0; ///< these limits
    DType typeOfX = DType::U8, typeOfAddend = DType::F32, typeOfResult = DType::F32;
    std::int16_t zeroOfX = 0;
    float zeroOfAddend = 0, zeroOfResult = 0;
    std::size_t samples = 1, groups = 1;
    std::size_t channels = 1, outputs = 1; ///< of a group
    Extents in, out, stride;
    Padding padding;
    /// Of each tap of the kernel: how far from where the window begins it reads, along each axis.
    std::vector<std::array<std::int64_t, 3>> taps;

    [[nodiscard]] std::size_t terms() const { return channels * taps.size(); } ///< of each sum
    [[nodiscard]] std::size_t positions() const { return static_cast<std::size_t>(out.product()); }
    /// Whether each output has one channel of its own (and sums that fit into 32 bits).
    [[nodiscard]] bool isDepthwise() const {
        return channels == 1 && outputs == 1 && groups > 1 && taps.size() <= kMostTaps;
    }

private:
    static constexpr std::size_t kMostTaps = 32768; // of at most 255 · 127 each
};

/// The tensors of a product, with elements of the plan's types: x, the addend (or null) and the
/// result are [samples, positions, channels]; the kernel is [outputs, taps, channels of a group],
/// or [taps, outputs] when isDepthwise(); the bias is a whole number for each output, or null.
struct ByteProductTensors {
    std::byte* out;
    const std::byte* x;
    const std::int8_t* kernel;
    const float* bias;
    const std::byte* addend;
};

/// What the op says, to the bit. Kernels are read as bytes and widened in pieces that stay in the
/// cache: pairs of products fit into 32 bits, and sums of pieces are kept in 64.
void multiplyBytes(const ByteProductPlan& plan, const ByteProductTensors& tensors);

} // namespace gradwright::onednn
