// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/reduce_kinds.h"
#include "engine/ops/value_type.h"

namespace gradwright {

/// Over the axes (negative: counted from the back), or over all where none is given.
struct ReduceOp {
    ReduceKind kind = ReduceKind::Sum;
    std::vector<std::int64_t> axes{};
    bool keep = false; ///< the axes, with length 1
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ReduceOp&) const = default;
};

/// The index of the first maximum (minimum) along an axis, as I64.
struct ArgMaxOp {
    std::int64_t axis = 1;
    bool keep = false; ///< the axis, with length 1
    bool minimum = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ArgMaxOp&) const = default;
};

/// The k largest (smallest) along an axis, sorted, equal ones in their order, and their indices as
/// I64.
struct TopKOp {
    std::int64_t k = 1;
    std::int64_t axis = 1;
    bool smallest = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const TopKOp&) const = default;
};

} // namespace gradwright
