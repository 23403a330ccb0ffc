// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <onnx_subset.pb.h>

namespace gradwright {

/// Puts the nodes of the functions that a model defines in the place of the nodes that call them,
/// also within others and within the graphs of nodes. Values inside are called "<node>/<value>".
/// Throws Error naming the function for one that calls itself, for a call that gives more than it
/// takes, and for more than a million nodes.
void inlineOnnxFunctions(onnx_format::ModelProto& model);

} // namespace gradwright
