// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

namespace gradwright {

/// T numbers that are whole, from 0 to vocabulary - 1 → T×dimensions, row by row of the table. The
/// numbers get no gradient. Weights: table [vocabulary, dimensions].
struct EmbeddingOp {
    std::int64_t vocabulary = 1;
    std::int64_t dimensions = 1;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const EmbeddingOp&) const = default;
};

/// x + table, T×F. Sinusoids after Vaswani et al. 2017, 3.5: sin(t / 10000^(i / F)) for even i,
/// cos(t / 10000^((i - 1) / F)) for odd ones; or, `learned`, weights: table [T, F].
struct PositionOp {
    bool learned = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const PositionOp&) const = default;
};

/// The sinusoids of PositionOp, row-major.
std::vector<double> sinusoids(std::int64_t steps, std::int64_t features);

enum class CellKind { Simple, Lstm, Gru };

/// T×F → T×units: the hidden state after each step. `reverse` runs from the last step to the first,
/// and keeps each state at its step. Cells and the order of their gates are PyTorch's:
///   Simple: h' = tanh(a), a = W x + b + U h + c (Elman 1990); with `relu` max(0, a);
///   Lstm, gates i, f, g, o: c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c') (Hochreiter,
///     Schmidhuber 1997; forget gate of Gers et al. 2000);
///   Gru, gates r, z, n: n = tanh(W_n x + b_n + σ(r) (U_n h + c_n)), h' = (1 - σ(z)) n + σ(z) h
///   (Cho
///     et al. 2014, reset after the product).
/// With `resetFirst`, a Gru's n = tanh(W_n x + b_n + U_n (σ(r) h) + c_n), as in the paper. With
/// `peepholes`, p_i c is added to an Lstm's i, p_f c to its f and p_o c' to its o (Gers,
/// Schmidhuber 2000). Inputs: the sequence [N, T, F] or, `timeFirst`, [T, N, F]; then, where the
/// cell does not start from zeros, its state before the first step that runs: h [N, units] and an
/// LSTM's c [N, units]; then, with `lengths`, how many steps each sample has, [N], whole numbers
/// from 0 to T: later steps do not run, their states are zeros, and `reverse` begins at the last
/// one that runs. Outputs: the states, axes as in the sequence; with `lastStates` also the state
/// after the last step that runs: h and an LSTM's c, [N, units]. Weights: W [gates·units, F], U
/// [gates·units, units], then b and c [gates·units] when `bias`, then p_i, p_f and p_o [3·units]
/// when `peepholes`. `resetFirst`, `peepholes` and `lengths` are for reading models: they have no
/// gradient.
struct RecurrentOp {
    CellKind cell = CellKind::Lstm;
    std::int64_t units = 1;
    bool reverse = false;
    bool relu = false;
    bool bias = true;
    bool timeFirst = false;
    bool lastStates = false;
    bool resetFirst = false;
    bool peepholes = false;
    bool lengths = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const RecurrentOp&) const = default;

    /// Whether it has a gradient.
    [[nodiscard]] bool isPlain() const { return !resetFirst && !peepholes && !lengths; }
    [[nodiscard]] std::size_t batchAxis() const { return timeFirst ? 1 : 0; }
    [[nodiscard]] std::size_t timeAxis() const { return timeFirst ? 0 : 1; }
};

/// Vectors that a cell hands from step to step: two of an LSTM, else one.
std::size_t statesOf(CellKind cell);
std::int64_t gatesOf(CellKind cell);

/// Scaled dot-product attention of several heads (Vaswani et al. 2017, 3.2). T×3E → T×E: the input
/// holds queries, keys and values side by side; head h has features h·E/heads to (h + 1)·E/heads of
/// each. softmax(Q Kᵀ / sqrt(E / heads)) V; `causal`: a step sees itself and earlier ones only.
struct AttentionOp {
    std::int64_t heads = 1;
    bool causal = false;
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const AttentionOp&) const = default;
};

} // namespace gradwright
