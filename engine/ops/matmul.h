// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

namespace gradwright {

/// The matrix product of the last two axes, […, M, K] × […, K, L] → […, M, L]; the axes before them
/// are broadcast as in NumPy. A transposed factor is given as […, K, M] or […, L, K].
struct MatMulOp {
    bool transposeA = false, transposeB = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const MatMulOp&) const = default;
};

} // namespace gradwright
