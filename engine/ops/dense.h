// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

namespace gradwright {

/// F → units, y = W x + b, on the last axis: of a sequence T×F, each step for itself. Weights:
/// kernel [units, F], then bias [units] when `bias`.
struct DenseOp {
    std::int64_t units = 1;
    bool bias = true;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const DenseOp&) const = default;
};

} // namespace gradwright
