// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/activation.h"
#include "engine/ops/convolution.h"
#include "engine/ops/dense.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gradwright {

/// How integers of 8 bits stand for real numbers: real = scale · (integer - zero).
struct Quantization {
    DType type = DType::U8; ///< or I8
    float scale = 1;        ///< above 0
    std::int32_t zero = 0;  ///< in the range of the type
    bool operator==(const Quantization&) const = default;
};

/// A convolution or a dense layer on integers of 8 bits with what follows it, as quantizing a
/// trained network leaves it: (x), or, when `adds`, (x, addend) → integers as `result` says, or
/// real numbers without it. x holds integers, and so does the addend unless it lacks a
/// quantization. Weights: the kernel and, where the product has one, the bias, as whole numbers: of
/// the kernel from -127 to 127, for which `scales` stands by output channel, and of the bias those
/// that count x.scale · scales[c] each.
///
/// The sums are exact (bias included, beyond 2^24 each rounded to FP32); then, in FP32, see
/// ProductScaling: y = f(sum · multiplier + (addend - zero) · addendFactor) · resultFactor, the sum
/// of the two products with one rounding. Integers are y plus the zero point, rounded with halves
/// to the even number, as ONNX and oneDNN round, within the range of the type.
///
/// The numbers are attributes and not values, as those of QuantizeOp are, because they belong to
/// the trained weights: backends settle them when they compile.
struct QuantizedProductOp {
    std::variant<ConvOp, DenseOp> product;
    Quantization x{};
    bool adds = false;
    std::optional<Quantization> addend{};
    Activation activation{};
    std::optional<Quantization> result{};
    std::vector<float> scales{};      ///< of the kernel, one for each output channel
    std::vector<std::string> parts{}; ///< the paths of the layers that it stands for, in order

    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    /// Throws Error: integers have no gradient.
    void gradient(GradientContext& context) const;
    bool operator==(const QuantizedProductOp&) const = default;

    [[nodiscard]] bool hasBias() const;
    [[nodiscard]] std::int64_t outChannels() const;
};

/// What makes results of the sums of a QuantizedProductOp.
struct ProductScaling {
    std::vector<float> multipliers; ///< by output channel
    float addendFactor = 0;         ///< of what is added, without its zero point
    float resultFactor = 1;         ///< behind the activation
};
/// Without an activation, or with one that f(a · x) = a · f(x) holds for (a > 0), the scale of the
/// result is part of the factors in front, as it is of one of both numbers that are rounded then.
ProductScaling scalingOf(const QuantizedProductOp& op);

/// What a QuantizedProductOp makes of a sum: `sum` with the bias, `addend` without its zero point.
class ProductFinisher {
public:
    explicit ProductFinisher(const QuantizedProductOp& op);

    [[nodiscard]] float operator()(std::size_t channel, float sum, float addend) const;

private:
    ProductScaling scaling_;
    Activation activation_;
    bool isInteger_ = false;
    float zero_ = 0, least_ = 0, most_ = 0;
};

} // namespace gradwright
