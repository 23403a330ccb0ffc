// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

namespace gradwright {

/// What an op sees when it writes its gradient as further ops of the graph.
class GradientContext {
public:
    /// `outputGradients`: by output; none where the objective does not depend on it.
    GradientContext(OpGraph& graph, const Op& op,
                    std::vector<std::optional<ValueId>> outputGradients,
                    std::vector<bool> wantedInputs, std::vector<bool> wantedWeights);

    [[nodiscard]] ValueId input(std::size_t index = 0) const { return op_.inputs[index]; }
    [[nodiscard]] std::size_t inputs() const { return op_.inputs.size(); }
    [[nodiscard]] ValueId output(std::size_t index = 0) const { return op_.outputs[index]; }
    // By value: the graph moves its values when ops are added.
    [[nodiscard]] ValueType type(ValueId value) const { return graph_.type(value); }
    /// The objective's gradient for that output; zeros where it does not depend on it.
    [[nodiscard]] ValueId gradient(std::size_t output = 0);
    [[nodiscard]] bool wants(std::size_t input = 0) const { return wantedInputs_[input]; }

    ValueId add(OpAttributes attributes, std::vector<ValueId> inputs);
    std::vector<ValueId> addAll(OpAttributes attributes, std::vector<ValueId> inputs);
    ValueId number(double value); ///< a constant without axes
    /// Summed over the axes along which `input` was repeated.
    ValueId unbroadcast(ValueId gradient, ValueId input);
    /// The gradient of an input, of its type.
    void give(std::size_t input, ValueId gradient);
    /// All wanted gradients by one GradientOp: of the first so many inputs and of all weights.
    void giveFused(GradientReads reads, std::size_t inputs = ~std::size_t{0});

    /// What was given: by input and by weight.
    [[nodiscard]] const std::vector<std::optional<ValueId>>& givenInputs() const { return inputs_; }
    [[nodiscard]] const std::vector<std::optional<ValueId>>& givenWeights() const {
        return weights_;
    }

private:
    OpGraph& graph_;
    Op op_;
    std::vector<std::optional<ValueId>> outputGradients_;
    std::vector<bool> wantedInputs_, wantedWeights_;
    std::vector<std::optional<ValueId>> inputs_, weights_;
};

} // namespace gradwright
