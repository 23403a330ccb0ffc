// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/wire_message.h"

#include <string>

namespace gradwright {

/// The value of an attribute, which is a message of its own, as setOnnxAttribute() takes it; of
/// tensors and graphs, what they are.
std::string onnxAttributeText(const WireMessage& attribute);
/// Whether setOnnxAttribute() takes another value for it.
bool isOnnxAttributeText(const WireMessage& attribute);

/// Gives an attribute of the node another value, see OnnxAttributeEdit. Throws Error for an
/// attribute that is a tensor, a graph or the like, for a text that its type cannot have, and for
/// one to be removed that is not there.
void setOnnxAttribute(WireMessage& node, const std::string& name, const std::string& value);

} // namespace gradwright
