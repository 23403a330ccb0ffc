// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

namespace gradwright {

/// Takes fused products apart again, for formats that have no such op: the product, the sum with
/// the shortcut, the activation. Results and the numbers of their values stay the same.
void splitProducts(OpGraph& graph);

} // namespace gradwright
