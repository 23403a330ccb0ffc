// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <optional>

namespace gradwright {

// Shapes that a graph computes, as exporters write them: Shape → Gather → Concat → Reshape. They
// are resolved while the graph is built, with names for what is not a number yet, so no op has a
// shape that depends on values.

/// What the elements of an integer value are, as lengths, where that is known: of constants, of
/// ShapeOp, and of what gathers, joins, cuts, casts, scales, multiplies, adds and divides such.
/// Where OpGraph::bind() has given the names numbers, sums and quotients of lengths are known, too.
/// Fractions, what overflows 64 bits and what more than 1000 ops in a row compute are not known.
std::optional<std::vector<Dim>> knownLengths(const OpGraph& graph, ValueId value);

/// `x` under the shape that the elements of `target` name; -1 is what is left, and 0 (unless
/// `allowZero`) the length of x's own axis there (ONNX's Reshape). Throws Error naming the op at
/// `path` and the target where that is not known.
ValueId reshapeTo(OpGraph& graph, ValueId x, ValueId target, const std::string& path,
                  bool allowZero = false);

/// `x` broadcast with the shape that the elements of `target` name (ONNX's Expand). Throws Error as
/// reshapeTo() does.
ValueId expandTo(OpGraph& graph, ValueId x, ValueId target, const std::string& path);

/// `number` in the shape that the elements of `target` name (ONNX's ConstantOfShape), as F32.
/// Throws Error as reshapeTo() does.
ValueId fillTo(OpGraph& graph, double number, ValueId target, const std::string& path);

} // namespace gradwright
