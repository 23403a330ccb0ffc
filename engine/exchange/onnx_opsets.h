// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/wire_message.h"
#include "engine/tensor/tensor.h"

#include <cstdint>
#include <string>

namespace gradwright {

/// Brings a model to a later set of ONNX's own operators: attributes that have become inputs become
/// constants of the model. Throws Error naming the node for an operator that has another meaning
/// there and cannot be written so, and for an earlier set.
void convertOnnxOpset(WireMessage& model, std::int64_t opset);

/// Other values for a tensor of the model. Throws Error where the shape differs, for element types
/// that are not written, and for values that the type does not hold.
void replaceOnnxTensor(WireMessage& tensor, const std::string& name, const Tensor& values);

} // namespace gradwright
