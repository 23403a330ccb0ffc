// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/fused.h"

#include <span>

namespace gradwright::onednn {

// What elementwise ops do to a piece of `size` elements, alone and fused: one plain loop a
// function, of which the compiler makes vector code. `in` has an array for each input; `out` may be
// one of them. Truth values and integers are numbers. Run by the thread that calls.

using ElementInputs = std::span<const float* const>;

void applyFunction(const UnaryOp& op, float* out, ElementInputs in, std::size_t size);
void applyFunction(const BinaryOp& op, float* out, ElementInputs in, std::size_t size);
void applyFunction(const CompareOp& op, float* out, ElementInputs in, std::size_t size);
/// Of `not`, the second input is not read.
void applyFunction(const LogicOp& op, float* out, ElementInputs in, std::size_t size);
void applyFunction(const WhereOp& op, float* out, ElementInputs in, std::size_t size);
void applyFunction(const CastOp& op, float* out, ElementInputs in, std::size_t size);
void applyFunction(const ActivationOp& op, float* out, ElementInputs in, std::size_t size);
void applyFunction(const ActivationSlope& op, float* out, ElementInputs in, std::size_t size);
/// The first two, then the others in turn; `out` may be the first or the second.
void applyFunction(const AddOp& op, float* out, ElementInputs in, std::size_t size);

} // namespace gradwright::onednn
