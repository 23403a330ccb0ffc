// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

namespace gradwright {

/// In training: zero with probability `rate`, else x / (1 - rate) (Srivastava et al. 2014).
/// The mask is that of dropoutKeeps() for (seed, stream, step). In inference: identity.
struct DropoutOp {
    double rate = 0.5;
    std::uint32_t stream = 0; ///< unique in the graph
    /// Decides for a whole channel (an index of axis 0) at once (Tompson et al. 2014).
    bool perChannel = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const DropoutOp&) const = default;
};

/// In training: x plus normal noise of that standard deviation, that of gaussianNoise() for (seed,
/// stream, step). In inference: identity.
struct GaussianNoiseOp {
    double deviation = 0.1;
    std::uint32_t stream = 0; ///< unique in the graph
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const GaussianNoiseOp&) const = default;
};

/// Which elements a dropout op keeps at a step: keep[i] = 1 or 0 for element i of the row-major
/// [batch, …] tensor, of [batch, axis 0] when it decides for channels. The same on every backend. A
/// piece of it: element `first` (a multiple of 4) on.
void dropoutKeeps(const DropoutOp& op, std::uint64_t seed, std::uint64_t step,
                  std::span<std::uint8_t> keep, std::uint64_t first = 0);

/// The noise of a step for elements `first` (a multiple of 4) on of the row-major [batch, …]
/// tensor. The same on every backend.
void gaussianNoise(const GaussianNoiseOp& op, std::uint64_t seed, std::uint64_t step,
                   std::span<float> noise, std::uint64_t first = 0);

} // namespace gradwright
