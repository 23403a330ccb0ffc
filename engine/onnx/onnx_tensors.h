// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/onnx/node.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <onnx_subset.pb.h>
#include <span>
#include <string>

namespace gradwright {

/// The name of an element type of ONNX: "float32".
std::string onnxTypeName(std::int32_t type);

/// The number that ONNX has for an element type. Throws Error for one that it lacks.
std::int32_t onnxNumberOf(DType type);

/// The raw data of a tensor outside its message.
struct OnnxBytes {
    std::uint64_t length = 0;
    std::function<void(std::span<std::byte> to)> read{}; ///< all of them
};

/// A tensor of the file, whose raw bytes are given up on the way. `outside` stands for its raw data
/// where they are not in the message. `what` names it in messages. Throws Error as readOnnx() does.
OnnxTensor onnxTensor(onnx_format::TensorProto& proto, const std::filesystem::path& folder,
                      const std::string& what, const OnnxBytes* outside = nullptr);

} // namespace gradwright
