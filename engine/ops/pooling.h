// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/extents.h"
#include "engine/ops/value_type.h"

namespace gradwright {

enum class PoolKind { Max, Average };

/// C×positions → C×positions'. Average divides by the number of elements inside the image
/// (`countPadding` false) or by the kernel's size. Of equal maxima the first takes the gradient.
struct PoolOp {
    PoolKind kind = PoolKind::Max;
    Extents kernel{2, 2}, stride{2, 2};
    Padding padding{};
    bool countPadding = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const PoolOp&) const = default;
};

/// C×positions → C, the mean over all positions.
struct GlobalAveragePoolOp {
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const GlobalAveragePoolOp&) const = default;
};

} // namespace gradwright
