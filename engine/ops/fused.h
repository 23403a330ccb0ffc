// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/activation_ops.h"
#include "engine/ops/combine.h"
#include "engine/ops/elementwise.h"

#include <variant>

namespace gradwright {

/// (gradient, x) → gradient · f'(x): what an activation's GradientOp does to each element.
struct ActivationSlope {
    Activation activation;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    bool operator==(const ActivationSlope&) const = default;
};

/// The ops whose functions of one element a FusedOp can run, with their attributes.
using ElementFunction = std::variant<UnaryOp, BinaryOp, CompareOp, LogicOp, WhereOp, CastOp,
                                     ActivationOp, ActivationSlope, AddOp>;

/// One step of a FusedOp.
struct ElementStep {
    ElementFunction function;
    std::vector<std::size_t> operands; ///< registers that are written before it
    bool operator==(const ElementStep&) const = default;
};

/// Several elementwise ops in one pass over memory. An element's numbers are in registers: first
/// those of the inputs, which are broadcast as in NumPy, then the result of each step. All steps
/// make values of the outputs' shape; `results` are the registers of those that are read outside.
/// Made by fuseElementwise(), forwards and backwards alike.
struct FusedOp {
    std::size_t inputs = 0;
    std::vector<ElementStep> steps;
    std::vector<std::size_t> results;

    [[nodiscard]] std::string_view name() const;
    /// Throws Error for a register that is not written before it is read, for a step of another
    /// shape than the first, and what the ops of the steps throw.
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    /// Throws Error: ops are fused after differentiation.
    void gradient(GradientContext& context) const;
    bool operator==(const FusedOp&) const = default;
};

/// For people: "a * sigmoid(a)". Inputs are a, b, …; what is read twice has a name, and several
/// results are separated by semicolons.
std::string formulaOf(const FusedOp& op);

} // namespace gradwright
