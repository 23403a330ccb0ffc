// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op.h"

#include <cstddef>

namespace gradwright::onednn {

/// Sizes of one recurrent op; everything is row-major, [batch, steps, …].
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
    float* gates;  ///< [batch, steps, gates·units]: after their functions
    float* memory; ///< [batch, steps, units]: the cell of an LSTM; U_n h + c_n of a GRU; else null
};

struct RecurrentWeights {
    const float* input;       ///< W
    const float* state;       ///< U
    const float* biasOfInput; ///< null without bias
    const float* biasOfState;
};

struct RecurrentGradients {
    float* in; ///< of the input; null when not wanted
    float *input, *state;
    float *biasOfInput, *biasOfState; ///< null without bias
};

/// Room for the backward pass.
struct RecurrentScratch {
    float* previous; ///< [batch, steps, units]: the state before each step
    float* carry;    ///< [2, batch, units]: gradients of state and cell
};

void recur(const RecurrentPlan& plan, float* out, RecurrentState state, const float* in,
           const RecurrentWeights& weights);
void recurBackward(const RecurrentPlan& plan, const RecurrentGradients& gradients,
                   RecurrentState state, RecurrentScratch scratch, const float* in,
                   const float* out, const RecurrentWeights& weights, const float* gradient);

} // namespace gradwright::onednn
