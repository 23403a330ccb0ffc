// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

#include <limits>

namespace gradwright {

/// The lengths of a value's axes from `begin` up to `end` (negative: counted from the back; beyond
/// the axes: up to there), as I64, one element for each. The batch and other names are the numbers
/// that they have in a program. The value itself is not read.
struct ShapeOp {
    std::int64_t begin = 0;
    std::int64_t end = std::numeric_limits<std::int64_t>::max();
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ShapeOp&) const = default;

    /// The lengths that it names of those.
    [[nodiscard]] Dims lengthsOf(const Dims& dims) const;
};

} // namespace gradwright
