// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/activation.h"
#include "engine/ops/convolution.h"
#include "engine/ops/dense.h"

#include <string>
#include <variant>
#include <vector>

namespace gradwright {

/// A convolution or a dense layer with what follows it, done before the result leaves the
/// registers: (x) → f(product(x)), or, when `adds`, (x, addend) → f(product(x) + addend). The
/// addend has the shape of the result. Weights: those of the product. Made by fuseProducts(), for
/// inference.
struct FusedProductOp {
    std::variant<ConvOp, DenseOp> product;
    bool adds = false;
    Activation activation{};
    std::vector<std::string> parts{}; ///< the paths of the layers that it stands for, in order

    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    /// Throws Error: products are fused for inference alone.
    void gradient(GradientContext& context) const;
    bool operator==(const FusedProductOp&) const = default;
};

} // namespace gradwright
