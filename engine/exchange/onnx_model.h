// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"
#include "engine/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gradwright {

/// The operator sets that are read.
inline constexpr std::int64_t kFirstReadOpset = 7;
inline constexpr std::int64_t kLastReadOpset = 28;

/// A tensor of a model, or why this program has no use for it (texts, complex numbers, …): that
/// matters only to a node that reads it. F16 and BF16 are read as F32, and other integers than
/// ours as the next larger of ours.
struct OnnxTensor {
    std::shared_ptr<const Tensor> values;
    std::string problem{};
};

/// An attribute of a type that is not read: a graph, sparse tensors, ….
struct OnnxUnread {};

using OnnxAttributeValue =
    std::variant<OnnxUnread, std::int64_t, double, std::string, std::vector<std::int64_t>,
                 std::vector<double>, std::vector<std::string>, OnnxTensor>;

struct OnnxNode {
    std::string name; ///< may be empty
    std::string op;
    std::string domain;              ///< empty: ONNX's own
    std::vector<std::string> inputs; ///< an empty name: left out
    std::vector<std::string> outputs;
    std::map<std::string, OnnxAttributeValue, std::less<>> attributes;

    /// How messages call it: by its name, or by its first output.
    [[nodiscard]] std::string title() const;
    [[nodiscard]] bool hasInput(std::size_t index) const {
        return index < inputs.size() && !inputs[index].empty();
    }
    [[nodiscard]] bool has(std::string_view attribute) const {
        return attributes.contains(attribute);
    }
    // The attribute, or the given value where the node has none. Each throws Error that names node
    // and attribute when it has another type.
    [[nodiscard]] std::int64_t integer(std::string_view attribute, std::int64_t otherwise) const;
    [[nodiscard]] double real(std::string_view attribute, double otherwise) const;
    [[nodiscard]] std::string text(std::string_view attribute, std::string otherwise) const;
    [[nodiscard]] std::vector<std::int64_t>
    integers(std::string_view attribute, std::vector<std::int64_t> otherwise = {}) const;
    [[nodiscard]] std::vector<double> reals(std::string_view attribute) const;
    [[nodiscard]] std::vector<std::string> texts(std::string_view attribute) const;
};

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
    std::size_t functions = 0;    ///< defined in the file; not read
    std::size_t fileBytes = 0;    ///< without external data
    std::int64_t weightBytes = 0; ///< of the initializers and constants, as they are kept

    [[nodiscard]] std::string metadataAt(std::string_view key) const;
};

/// Reads a model from its bytes. `folder` is where files of external data may lie; empty: nowhere.
/// Memory is bounded by the size of the files. Throws Error for what is no ONNX model, for an
/// operator set outside 7 to 28, a tensor whose data do not fill its shape, external data with
/// another name than that of a file in the folder, two values of one name, and a node that reads
/// what is made after it; it names the node, attribute or tensor.
OnnxModel readOnnx(std::string_view bytes, const std::filesystem::path& folder = {});
/// Reads a file of less than 2 GiB, the limit of Protocol Buffers. Throws Error naming it.
OnnxModel readOnnxFile(const std::filesystem::path& file);

} // namespace gradwright
