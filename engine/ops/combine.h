// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

namespace gradwright {

/// The elementwise sum of two or more inputs of one shape.
struct AddOp {
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const AddOp&) const = default;
};

enum class CombineKind { Subtract, Multiply, Average, Maximum, Minimum };

/// Two or more inputs (Subtract: two) element by element. Shapes are broadcast: axes are aligned at
/// the first one (the channels), and one that is missing or of length 1 is repeated; so a vector of
/// C multiplies an image C×H×W channel by channel. Of equal maxima (minima) the first input takes
/// the gradient.
struct CombineOp {
    CombineKind kind = CombineKind::Multiply;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const CombineOp&) const = default;
};

/// The shape to which CombineOp brings its inputs. Throws Error when they do not fit together.
Shape broadcastShape(std::span<const Shape> shapes);

} // namespace gradwright
