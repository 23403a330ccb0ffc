// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/repeated_primitive.h"
#include "engine/ops/op.h"

#include <array>
#include <cstddef>

namespace gradwright::onednn {

/// Sizes of one recurrent op. Its own arrays are row-major [turns, batch, …], turns in the order in
/// which the steps run, so that what one step needs lies together; input and output are
/// [batch, steps, …].
struct RecurrentPlan {
    RecurrentOp op;
    std::size_t batch = 1, steps = 1, features = 1;

    [[nodiscard]] std::size_t units() const { return static_cast<std::size_t>(op.units); }
    [[nodiscard]] std::size_t rows() const {
        return static_cast<std::size_t>(gatesOf(op.cell) * op.units);
    }
};

/// What a forward pass keeps for the backward pass, which overwrites it.
struct RecurrentState {
    float* in;     ///< [turns, batch, features]
    float* gates;  ///< [turns, batch, gates·units]: after their functions
    float* out;    ///< [turns, batch, units]
    float* memory; ///< [turns, batch, units]: the cell of an LSTM; U_n h + c_n of a GRU; else null
};

struct RecurrentWeights {
    const float* input;       ///< W
    const float* biasOfInput; ///< null without bias
    const float* biasOfState;
};

struct RecurrentGradients {
    float* in; ///< of the input; null when not wanted
    float *input, *state;
    float *biasOfInput, *biasOfState; ///< null without bias
};

/// U times the states of a step, and its backward pass: [batch, units] and [batch, gates·units].
struct StateProduct {
    RepeatedPrimitive* primitive;
    std::array<float*, 2> fixed; ///< weights, and the scratchpad where there is one

    void run(float* from, float* to) const;
};

/// `terms`: room for [batch, gates·units].
void recur(const RecurrentPlan& plan, float* out, const RecurrentState& state, const float* in,
           const RecurrentWeights& weights, const StateProduct& product, float* terms);

/// Room for the backward pass.
struct RecurrentScratch {
    float* carry; ///< [3, batch, units]: gradients of state, in two parts, and cell
    float* terms; ///< [batch, gates·units]; of a GRU alone
};
void recurBackward(const RecurrentPlan& plan, const RecurrentGradients& gradients,
                   const RecurrentState& state, const RecurrentScratch& scratch,
                   const RecurrentWeights& weights, const StateProduct& product,
                   const float* gradient);

} // namespace gradwright::onednn
