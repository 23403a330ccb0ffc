// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradwright::onednn {

/// `zero` is null without zero points.
void quantize(const ScaleLayout& layout, DType to, float* out, const float* in, const float* scale,
              const float* zero);
void dequantize(const ScaleLayout& layout, float* out, const float* in, const float* scale,
                const float* zero);

/// The same with one scale for all, between numbers and bytes (std::uint8_t or std::int8_t).
template <class Byte>
void quantizeToBytes(Byte* out, const float* in, std::size_t size, float scale, float zero);
template <class Byte>
void dequantizeBytes(float* out, const Byte* in, std::size_t size, float scale, float zero);

/// What FakeQuantizeOp makes of numbers; out may be in.
void fakeQuantize(DType to, float* out, const float* in, std::size_t size, float scale, float zero);

/// What is taken off an integer before it is multiplied: nothing, one number, or one of each row.
struct ZeroPoint {
    const float* values = nullptr;
    std::size_t count = 0;

    [[nodiscard]] std::int16_t of(std::size_t row) const {
        return static_cast<std::int16_t>(count == 0 ? 0.0F : values[count == 1 ? 0 : row]);
    }
};

/// Sizes of a MatMulIntegerOp: for each of the stacks, which matrix of each factor it multiplies.
struct IntegerProductPlan {
    IntegerProductPlan(const Shape& a, const Shape& b, const Shape& out);

    std::size_t rows = 1, columns = 1, inner = 1;
    std::vector<std::array<std::size_t, 2>> stacks;

    /// Room for a matrix of each factor, in 16-bit integers.
    [[nodiscard]] std::size_t scratch() const { return (rows + columns) * inner; }
};
void multiplyIntegers(const IntegerProductPlan& plan, float* out, const float* a, const float* b,
                      ZeroPoint zeroOfA, ZeroPoint zeroOfB, std::int16_t* scratch);

/// Sizes of a ConvIntegerOp.
struct IntegerConvPlan {
    IntegerConvPlan(const ConvIntegerOp& what, const Shape& x, const Shape& taps,
                    const Shape& made);

    ConvIntegerOp op;
    std::size_t samples = 1, channels = 1, outChannels = 1; ///< channels of a group
    Extents in, kernel, out;

    /// Terms of each sum.
    [[nodiscard]] std::size_t terms() const {
        return channels * static_cast<std::size_t>(kernel.product());
    }
    [[nodiscard]] std::size_t positions() const { return static_cast<std::size_t>(out.product()); }
    /// Room for the kernel and for what each position of a group reads, in 16-bit integers.
    [[nodiscard]] std::size_t scratch() const { return (outChannels + positions()) * terms(); }
};
void convolveIntegers(const IntegerConvPlan& plan, float* out, const float* x, const float* kernel,
                      ZeroPoint zeroOfX, ZeroPoint zeroOfKernel, std::int16_t* scratch);

} // namespace gradwright::onednn
