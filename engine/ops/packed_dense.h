// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/activation.h"
#include "engine/ops/value_type.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gradwright {

/// The largest magnitude of the integers of 4 bits that kernels become.
inline constexpr double kMostPackedInteger = 7;

/// A dense layer whose kernel is integers of 4 bits, two in a byte, for real numbers in and out:
/// (x) → f(W x + b), or, when `adds`, (x, addend) → f(W x + b + addend), on the last axis of x as
/// DenseOp. W = integer · scale, with a scale for each run of `group` features of a unit (the last
/// one of a unit may be shorter). Weights: the kernel [units, ⌈features / 2⌉], each element a byte
/// of -128 … 127 as a whole number, whose low half is the integer of the even feature and whose
/// high half that of the next one, both as two's complement; then the bias [units], real, when
/// `bias`. The scales are attributes, since they belong to the trained weights.
struct PackedDenseOp {
    std::int64_t units = 1;
    std::int64_t features = 1;
    std::int64_t group = 32;
    bool bias = true;
    bool adds = false;
    Activation activation{};
    std::vector<float> scales{};      ///< [units, ⌈features / group⌉], row by row
    std::vector<std::string> parts{}; ///< the paths of the layers that it stands for, in order

    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    /// Throws Error: integers have no gradient.
    void gradient(GradientContext& context) const;
    bool operator==(const PackedDenseOp&) const = default;

    [[nodiscard]] std::int64_t groups() const { return (features + group - 1) / group; }
    [[nodiscard]] std::int64_t rowBytes() const { return (features + 1) / 2; }
};

/// The integer of a feature in a row of packed bytes.
inline int unpackedInteger(std::int8_t byte, bool isHigh) {
    const auto low = static_cast<int>(byte) & 15;
    return isHigh ? static_cast<int>(byte) >> 4 : (low ^ 8) - 8;
}

} // namespace gradwright
