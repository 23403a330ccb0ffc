// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/onnx_node.h"
#include "engine/onnx/node.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gradwright {

/// An axis of an input or output: a length, a name, or neither.
struct OnnxAxis {
    std::int64_t length = -1; ///< below 0: not known
    std::string name{};
};

struct OnnxPort {
    std::string name;
    std::string type;      ///< "float32", "int64"; "no tensor" for sequences and maps
    bool hasShape = false; ///< else `axes` is empty and says nothing
    std::vector<OnnxAxis> axes{};
};

/// What an ONNX file holds, in its order, as far as it is read.
struct OnnxModel {
    std::int64_t irVersion = 0;
    std::int64_t opset = 0;                                      ///< of ONNX's own operators
    std::vector<std::pair<std::string, std::int64_t>> domains{}; ///< further ones
    std::string producer{}, producerVersion{};
    std::string name{}; ///< of the graph
    std::string description{};
    std::vector<std::pair<std::string, std::string>> metadata{};
    std::vector<OnnxPort> inputs{}; ///< without those that are initializers
    std::vector<OnnxPort> outputs{};
    std::vector<OnnxNode> nodes{};
    std::map<std::string, OnnxTensor, std::less<>> initializers{};
    std::size_t functions = 0;    ///< defined in the file, and inlined
    std::size_t fileBytes = 0;    ///< without external data
    std::int64_t weightBytes = 0; ///< of the initializers and constants, as they are kept

    [[nodiscard]] std::string metadataAt(std::string_view key) const;
};

/// Whether the name is that of an ONNX model.
bool isOnnxName(const std::filesystem::path& file);

/// Reads a model from its bytes. `folder` is where files of external data may lie; empty: nowhere.
/// Memory is bounded by the size of the files. Throws Error for what is no ONNX model, for an
/// operator set outside 7 to 28, a tensor whose data do not fill its shape, external data with
/// another name than that of a file in the folder, two values of one name, and a node that reads
/// what is made after it; it names the node, attribute or tensor.
OnnxModel readOnnx(std::string_view bytes, const std::filesystem::path& folder = {});
/// Reads a file of less than 2 GiB, the limit of Protocol Buffers. `look` is called before each
/// initializer and each 4 MiB of one; what it throws ends the reading. Throws Error naming the
/// file.
OnnxModel readOnnxFile(const std::filesystem::path& file, const std::function<void()>& look = {});

} // namespace gradwright
