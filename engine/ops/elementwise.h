// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/element_kinds.h"
#include "engine/ops/value_type.h"

namespace gradwright {

// Operators that work element by element. Several inputs are broadcast as in NumPy: axes are
// aligned at the last one, and one that is missing or of length 1 is repeated.

/// The joint axes of values that are broadcast. Throws Error when they do not fit together.
Dims broadcastDims(std::string_view op, InputTypes inputs);

/// y = scale · f(x) + shift.
struct UnaryOp {
    UnaryKind kind = UnaryKind::Linear;
    double scale = 1, shift = 0;
    double a = 0, b = 0;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const UnaryOp&) const = default;
};

/// y = scale · f(a, b) + shift. Of equal maxima (minima) the first takes the gradient; that of a
/// power with respect to the exponent needs a base above 0.
struct BinaryOp {
    BinaryKind kind = BinaryKind::Add;
    double scale = 1, shift = 0;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const BinaryOp&) const = default;
};

/// Whether a ∘ b holds, as a truth value.
struct CompareOp {
    Comparison comparison = Comparison::Equal;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const CompareOp&) const = default;
};

/// Combines truth values.
struct LogicOp {
    LogicKind kind = LogicKind::And;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const LogicOp&) const = default;
};

/// (condition, a, b) → a where the condition holds, else b.
struct WhereOp {
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const WhereOp&) const = default;
};

/// Another type. Real numbers towards integers: fractions are cut off, what is out of range becomes
/// the nearest limit, and NaN 0 (ONNX leaves these two open). Integers towards shorter ones keep
/// their low bits: 200 becomes the I8 -56. A truth value is whether x ≠ 0.
struct CastOp {
    DType to = DType::F32;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const CastOp&) const = default;
};

/// One number everywhere.
struct FillOp {
    Dims dims;
    double value = 0;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const FillOp&) const = default;
};

/// The input repeated along axes where it is missing or has length 1.
struct ExpandOp {
    Dims dims;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ExpandOp&) const = default;
};

} // namespace gradwright
