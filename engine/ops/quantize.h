// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/extents.h"
#include "engine/ops/value_type.h"

namespace gradwright {

// Integers of 8 bits that stand for real numbers, real = scale · (integer - zero point), and
// products of such integers (Jacob et al. 2018; ONNX's QuantizeLinear, DequantizeLinear,
// MatMulInteger and ConvInteger). Scales and zero points are values like others: constants of a
// model, or computed for each batch (dynamicQuantize). None of these ops has a gradient:
// differentiate() refuses to go through them.

/// (x, scale) or (x, scale, zero point) → integers of type `to`, U8 or I8: x / scale, rounded with
/// halves to the even number, plus the zero point, which is of type `to`; what is out of the type's
/// range becomes the nearest limit. Scales, and zero points like them: one for all (a single
/// element), one for each index of `axis` (a vector), or, with a `block` of 1 or more, one for each
/// run of so many indices along `axis` (axes as x has, ⌈length / block⌉ along `axis`).
struct QuantizeOp {
    DType to = DType::U8;
    std::int64_t axis = 1;
    std::int64_t block = 0;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const QuantizeOp&) const = default;
};

/// (integers, scale) or (integers, scale, zero point) → real numbers: (integer - zero point) ·
/// scale. The integers are U8, I8 or I32, zero points of the same type; scales lie as QuantizeOp
/// says.
struct DequantizeOp {
    std::int64_t axis = 1;
    std::int64_t block = 0;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const DequantizeOp&) const = default;
};

/// (a, b), then the zero points that are given → I32: (a - zero of a) × (b - zero of b), a product
/// of the last two axes, […, M, K] × […, K, L] → […, M, L], with the axes before them broadcast as
/// in NumPy. Factors are U8 or I8 and their zero points of their type: one number, or [M] of a and
/// [L] of b. Sums are exact in 64 bits; where one is beyond 2^24, a program in FP32 keeps the
/// nearest FP32 number, which is what a cast of the exact sum to FP32 gives.
struct MatMulIntegerOp {
    bool zeroOfA = false, zeroOfB = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const MatMulIntegerOp&) const = default;
};

/// (x, kernel), then the zero points that are given → I32: the cross-correlation of ConvOp with the
/// kernel as a value, [N, C, positions] and [channels, C / groups, …] → [N, channels, positions'].
/// Both are U8 or I8; the zero point of x is one number, which also stands in the padding, that of
/// the kernel one number or one for each output channel. Sums are exact as in MatMulIntegerOp.
struct ConvIntegerOp {
    Extents stride{}, dilation{};
    Padding padding{};
    std::int64_t groups = 1;
    bool zeroOfX = false, zeroOfKernel = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ConvIntegerOp&) const = default;
};

/// How the scales of a value lie: it is seen as [outer, length, inner] around the axis.
struct ScaleLayout {
    /// `axis` and `blockLength` as in QuantizeOp, whose checks have passed.
    ScaleLayout(const Shape& values, const Shape& scales, std::int64_t axis,
                std::int64_t blockLength);

    std::size_t outer = 1, length = 1, inner = 1;
    std::size_t block = 0; ///< as in the op
    bool isSingle = true;  ///< one scale for all

    /// The scale of the first of the `inner` elements at (o, at).
    [[nodiscard]] std::size_t first(std::size_t o, std::size_t at) const {
        if (isSingle)
            return 0;
        return block == 0 ? at : (o * ((length + block - 1) / block) + at / block) * inner;
    }
    /// From one of the inner elements to the next.
    [[nodiscard]] std::size_t step() const { return isSingle || block == 0 ? 0 : 1; }
};

} // namespace gradwright
