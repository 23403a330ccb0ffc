// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

namespace gradwright {

/// The same elements in row-major order under another shape.
struct ReshapeOp {
    Dims dims;
    /// Reshapes each sample, whose shape leaves the batch out.
    [[nodiscard]] static ReshapeOp ofSample(const Shape& sample);
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ReshapeOp&) const = default;
};

/// Axis i of the output is axis axes[i] of the input.
struct PermuteOp {
    std::vector<std::int64_t> axes;
    /// Permutes the axes of each sample, counted from 0 behind the batch.
    [[nodiscard]] static PermuteOp ofSample(std::vector<std::int64_t> axes);
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const PermuteOp&) const = default;
};

/// Joins inputs that agree in all but axis `axis` (1 = channels or features of a batch).
struct ConcatOp {
    std::int64_t axis = 1;
    /// Along that axis of each sample, counted from 0 behind the batch.
    [[nodiscard]] static ConcatOp ofSample(std::int64_t axis);
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ConcatOp&) const = default;
};

/// Pieces of those lengths along an axis, one after the other; the lengths add up to the axis's.
struct SplitOp {
    std::int64_t axis = 1;
    std::vector<std::int64_t> sizes;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const SplitOp&) const = default;
};

} // namespace gradwright
