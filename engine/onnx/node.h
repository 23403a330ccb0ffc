// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"
#include "engine/tensor/tensor.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gradwright {

/// A tensor of a model, or why this program has no use for it (texts, complex numbers, …): that
/// matters only to a node that reads it. F16 and BF16 are read as F32, and other integers than
/// ours as the next larger of ours.
struct OnnxTensor {
    std::shared_ptr<const Tensor> values;
    std::string problem{};
};

struct OnnxBody;

/// An attribute of a type that is not computed with: sparse tensors, types, …. It is kept as the
/// file has it.
struct OnnxUnread {
    std::string bytes{};                    ///< of the AttributeProto
    std::shared_ptr<const OnnxBody> body{}; ///< of an attribute that is a graph
};

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
    /// The same without its operator.
    [[nodiscard]] std::string shortTitle() const;
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
    /// Null where the node has no such attribute. Throws Error for a tensor that is not read.
    [[nodiscard]] std::shared_ptr<const Tensor> tensor(std::string_view attribute) const;
    /// Null where the attribute is no graph.
    [[nodiscard]] std::shared_ptr<const OnnxBody> body(std::string_view attribute) const;
};

/// The number that a person would have written for it: 1e-5 and not the double next to its FP32.
double shortest(float value);

/// A graph within a node: what a branch or a loop computes. Its nodes may read values of the graph
/// around it by their names.
struct OnnxBody {
    struct Port {
        std::string name;
        std::string type;                 ///< "float32"; "no tensor" for sequences and maps
        std::vector<std::int64_t> axes{}; ///< below 0: not known
        bool hasShape = false;
    };
    std::vector<Port> inputs, outputs;
    std::vector<OnnxNode> nodes;
    std::map<std::string, OnnxTensor, std::less<>> constants;
};

} // namespace gradwright
