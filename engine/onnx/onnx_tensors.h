// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/onnx/node.h"

#include <filesystem>
#include <onnx_subset.pb.h>
#include <string>

namespace gradwright {

/// The name of an element type of ONNX: "float32".
std::string onnxTypeName(std::int32_t type);

/// The number that ONNX has for an element type. Throws Error for one that it lacks.
std::int32_t onnxNumberOf(DType type);

/// A tensor of the file, whose raw bytes are given up on the way. `what` names it in messages.
/// Throws Error as readOnnx() does.
OnnxTensor onnxTensor(onnx_format::TensorProto& proto, const std::filesystem::path& folder,
                      const std::string& what);

} // namespace gradwright
