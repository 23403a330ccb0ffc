// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/repeated_primitive.h"
#include "engine/ops/op.h"

#include <array>
#include <cstddef>

namespace gradwright::onednn {

/// Sizes of one recurrent op. Its own arrays are row-major [turns, batch, …], turns in the order in
/// which the steps run, so that what one step needs lies together; input and output are
/// [batch, steps, …] or, time first, [steps, batch, …].
struct RecurrentPlan {
    RecurrentOp op;
    std::size_t batch = 1, steps = 1, features = 1;
    bool isGivenState = false; ///< does not start from zeros

    /// The elements of a state, and of a cell, of all samples after one turn.
    [[nodiscard]] std::size_t stateSize() const { return batch * units(); }
    /// Those that a turn's arrays of states hold: with what is given in front.
    [[nodiscard]] std::size_t keptStates() const {
        return (steps + (isGivenState ? 1 : 0)) * stateSize();
    }
    /// Whether a state comes before that turn.
    [[nodiscard]] bool hasStateBefore(std::size_t turn) const { return turn > 0 || isGivenState; }
    /// Where a step of a sample stands in the input and the output.
    [[nodiscard]] std::size_t placeOf(std::size_t sample, std::size_t turn) const {
        const auto time = op.reverse ? steps - 1 - turn : turn;
        return op.timeFirst ? time * batch + sample : sample * steps + time;
    }
    [[nodiscard]] std::size_t units() const { return static_cast<std::size_t>(op.units); }
    [[nodiscard]] std::size_t rows() const {
        return static_cast<std::size_t>(gatesOf(op.cell) * op.units);
    }
};

/// What a forward pass keeps for the backward pass, which overwrites it. Where the first state is
/// given, it lies in front of `out`, and of an LSTM's `memory`: [batch, units].
struct RecurrentState {
    float* in;     ///< [turns, batch, features]
    float* gates;  ///< [turns, batch, gates·units]: after their functions
    float* out;    ///< [turns, batch, units]
    float* memory; ///< [turns, batch, units]: the cell of an LSTM; U_n h + c_n of a GRU; else null
};

/// The state beside the sequence of states, h and an LSTM's c, [batch, units] each; null where it
/// is not given or not wanted.
struct RecurrentEnds {
    float* h = nullptr;
    float* c = nullptr;
};

struct RecurrentWeights {
    const float* input;       ///< W
    const float* biasOfInput; ///< null without bias
    const float* biasOfState;
};

struct RecurrentGradients {
    float* in;           ///< of the input; null when not wanted
    RecurrentEnds first; ///< of the first state
    float *input, *state;
    float *biasOfInput, *biasOfState; ///< null without bias
};

/// U times the states of a step, and its backward pass: [batch, units] and [batch, gates·units].
struct StateProduct {
    RepeatedPrimitive* primitive;
    std::array<float*, 2> fixed; ///< weights, and the scratchpad where there is one

    void run(float* from, float* to) const;
};

/// What a forward pass reads and writes of other ops.
struct RecurrentValues {
    const float* in;
    float* out;
    RecurrentEnds first, last;
};

/// `terms`: room for [batch, gates·units].
void recur(const RecurrentPlan& plan, const RecurrentValues& values, const RecurrentState& state,
           const RecurrentWeights& weights, const StateProduct& product, float* terms);

/// Room for the backward pass.
struct RecurrentScratch {
    float* carry; ///< [3, batch, units]: gradients of state, in two parts, and cell
    float* terms; ///< [batch, gates·units]; of a GRU alone
};
/// What a backward pass receives.
struct RecurrentWanted {
    const float* out;
    RecurrentEnds last;
};
void recurBackward(const RecurrentPlan& plan, const RecurrentGradients& gradients,
                   const RecurrentState& state, const RecurrentScratch& scratch,
                   const RecurrentWeights& weights, const StateProduct& product,
                   const RecurrentWanted& wanted);

} // namespace gradwright::onednn
