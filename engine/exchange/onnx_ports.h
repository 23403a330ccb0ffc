// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_model.h"

#include <onnx_subset.pb.h>

namespace gradwright {

/// What a file says of a value. Its type is empty where the file says nothing of it.
OnnxPort onnxPort(const onnx_format::ValueInfoProto& proto);

} // namespace gradwright
