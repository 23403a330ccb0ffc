// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_outline.h"

#include <map>
#include <string>

namespace gradwright {

/// Types and shapes of values, by their names.
using OnnxTypes = std::map<std::string, OnnxPort, std::less<>>;

/// What the values are that nodes make, by the ops that compute these: so there is no second
/// inference of shapes. Nothing is known behind an operator that no op computes, behind graphs
/// within nodes, and of element types that are computed in another one here (float64, float16).
/// The values that the model describes itself are among them where they can be computed.
OnnxTypes inferOnnxTypes(WireMessage& model, const OnnxOutline& outline);

/// A description as the model holds it.
std::string onnxDescription(const OnnxPort& port);

} // namespace gradwright
