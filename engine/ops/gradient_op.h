// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"
#include "engine/support/id.h"

#include <memory>

namespace gradwright {

using OpId = Id<struct OpTag>;
struct ForwardOp;

/// What a fused gradient reads of its op's forward pass.
struct GradientReads {
    bool inputs = false;
    bool outputs = false;
    bool operator==(const GradientReads&) const = default;
};

/// The gradient of an op in one piece, as backends have it. Inputs: the gradient of each output of
/// the op, then what it reads: the op's inputs, then its outputs. Weights: those of the op.
/// Outputs: the gradients of the inputs that `ofInputs` names, then of the weights that `ofWeights`
/// names.
struct GradientOp {
    OpId of; ///< the op, whose state from the forward pass a backend may use
    std::shared_ptr<const ForwardOp> forward;
    Types inputTypes; ///< of the op
    GradientReads reads;
    std::vector<bool> ofInputs, ofWeights;

    [[nodiscard]] std::string_view name() const; ///< of the op
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    /// Throws Error: second derivatives are not made.
    void gradient(GradientContext& context) const;
    bool operator==(const GradientOp& other) const;
};

/// The gradient of the objective for a per-sample loss: `weight` / N for each of the N samples of
/// the whole batch.
struct LossSeedOp {
    double weight = 1.0;

    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const LossSeedOp&) const = default;
};

} // namespace gradwright
