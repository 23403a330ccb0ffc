// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

namespace gradwright {

/// (data, indices) → data's entries along an axis: the axis is replaced by those of the indices
/// (I32 or I64; negative ones count from the back).
struct GatherOp {
    std::int64_t axis = 0;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const GatherOp&) const = default;
};

} // namespace gradwright
