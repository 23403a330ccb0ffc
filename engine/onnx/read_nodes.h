// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/onnx/node.h"

#include <filesystem>
#include <string>

namespace gradwright {

namespace onnx_format {
class NodeProto;
class ValueInfoProto;
} // namespace onnx_format

/// Whether the domain is that of ONNX's own operators.
bool isOnnxDomain(const std::string& domain);

/// A node of the file, whose tensors are given up on the way; files of external data lie in
/// `folder`. Throws Error as readOnnx() does.
OnnxNode readOnnxNode(onnx_format::NodeProto& proto, const std::filesystem::path& folder);

/// An input or output of a graph, without the names of its axes.
OnnxBody::Port readOnnxPort(const onnx_format::ValueInfoProto& proto);

/// An attribute that was kept as its bytes. Throws Error for bytes that are none.
OnnxUnread readOnnxAttribute(std::string bytes);

} // namespace gradwright
