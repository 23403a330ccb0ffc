// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_model.h"

namespace gradwright {

/// Whether the model has a node that writeEinsumsOut() looks at.
bool hasEinsum(const OnnxModel& model);

/// Einsum nodes become the products, sums and transpositions that they stand for: MatMul, Mul,
/// ReduceSum, Transpose, Reshape, Unsqueeze and Squeeze, for which there are layers and by which
/// attention is found. A node stays where a term has a letter twice (a diagonal), or where dots
/// would have to change places and the number of their axes is not known.
void writeEinsumsOut(OnnxModel& model);

} // namespace gradwright
