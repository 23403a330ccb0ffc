// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

namespace gradwright {

/// The outputs of dynamicQuantize().
struct DynamicallyQuantized {
    ValueId integers;  ///< U8, of the input's axes
    ValueId scale;     ///< one real number
    ValueId zeroPoint; ///< one U8
};

/// Quantizes a real value by the range of its elements (ONNX's DynamicQuantizeLinear), which is
/// widened to hold 0: scale = (max - min) / 255, zero point = round(-min / scale). Where all
/// elements are 0 the scale is 1, which ONNX leaves open. Made of the graph's other operators; the
/// range is that of the whole batch, so that samples depend on each other.
DynamicallyQuantized dynamicQuantize(OpGraph& graph, ValueId x, const std::string& path);

} // namespace gradwright
