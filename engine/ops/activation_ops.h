// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/activation.h"
#include "engine/ops/value_type.h"

namespace gradwright {

/// Elementwise.
struct ActivationOp {
    Activation activation;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ActivationOp&) const = default;
};

/// x where x > 0, else a · x with a learned a. Weights: a, of [channels] for one per channel or of
/// [1] for one in all.
struct PreluOp {
    bool perChannel = true;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const PreluOp&) const = default;
};

/// exp(x - max) / sum along an axis (1 = channels or features of a batch; negative: from the back),
/// or the logarithm of that.
struct SoftmaxOp {
    bool logarithm = false;
    std::int64_t axis = 1;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const SoftmaxOp&) const = default;
};

} // namespace gradwright
