// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <string>
#include <vector>

namespace gradwright::check {

struct CaseInput {
    ValueId value;
    Tensor data; ///< [batch, …], F32 or I32
};

/// A small graph around one op (or a chain) with the data to run it on. Its output is called
/// "output", its objective ends in one or two losses.
///
/// Gradients of inputs are made visible through the Program interface by a trick: what the op reads
/// is not an input of the graph, but the identity matrix (one row per sample) through a bias-free
/// Dense of weight [F, batch]. So sample n reads column n of that weight, whose gradient is exactly
/// the op's input gradient, element by element. Such weights are called "source0/weight", ….
///
/// Sources hold values that are all different and not zero, so that ReLU and max pooling are never
/// probed at a kink.
struct OpCase {
    std::string name;
    OpGraph graph;
    std::int64_t batch = 1;
    std::vector<CaseInput> inputs; ///< one for every graph input
    std::vector<Tensor> weights;   ///< F32, in the order of the graph's weights
};

/// The seed under which cases with dropout are run.
inline constexpr StepSeed kCaseSeed{7, 3};

/// Every op on awkward shapes: one table for gradient checks and comparisons of backends.
std::vector<OpCase> opCases();

/// What Program::forward takes; points into the case.
std::vector<BatchInput> bindings(const OpCase& opCase);
void writeWeights(const OpCase& opCase, WeightStore& store);

} // namespace gradwright::check
