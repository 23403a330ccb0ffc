// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_model.h"
#include "engine/exchange/wire_message.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// What a person who edits a model has to see of it: everything but the data of its tensors.
struct OnnxOutline {
    struct Attribute {
        std::string name;
        std::string value;       ///< see OnnxAttributeEdit; of tensors and graphs, what they are
        bool isEditable = false; ///< it is a number, a text or a list of these
    };
    struct Node {
        std::string name; ///< may be empty
        std::string op;
        std::string domain;
        std::vector<std::string> inputs, outputs; ///< an empty name: left out
        /// What the graphs within it read of the graph around them.
        std::vector<std::string> captured;
        std::vector<Attribute> attributes;
        /// What OnnxEdits calls it; empty where another node is called the same.
        std::string key;

        /// What people call it: by its name, or by its first output.
        [[nodiscard]] const std::string& title() const;
    };
    struct Constant {
        std::string name;
        std::string type; ///< "float32"
        std::vector<std::int64_t> lengths;
        std::uint64_t bytes = 0; ///< its size in the model
        std::string file{};      ///< that holds its data; empty: the model does
    };

    std::int64_t opset = 0; ///< the version of ONNX's own operators
    std::string producer{};
    std::string graph{}; ///< its name
    std::vector<OnnxPort> inputs{}, outputs{};
    /// What is said of values between them, by their names.
    std::map<std::string, OnnxPort, std::less<>> values{};
    std::vector<Node> nodes{};
    std::vector<Constant> constants{};
    std::vector<std::string> files{}; ///< those of external data, each named once

    /// What is known of a value's type and shape, an input, an output or a constant among them;
    /// null: nothing.
    [[nodiscard]] const OnnxPort* portOf(std::string_view value) const;
    [[nodiscard]] const Constant* constantOf(std::string_view value) const;
    /// Fills what portOf() and constantOf() look up.
    void index();
    /// Adds what portOf() knows of values that the model says nothing of, see inferOnnxTypes().
    void addTypes(const std::map<std::string, OnnxPort, std::less<>>& types);

private:
    std::map<std::string, OnnxPort, std::less<>> ports_;
    std::map<std::string, std::size_t, std::less<>> constantPlaces_;
};

/// "N×3×224×224"; "?" for an axis of which nothing is known, and for a shape that is not known.
std::string onnxShapeText(const OnnxPort& port);

/// The only graph of a model. Throws Error for what is no model.
WireMessage& onlyOnnxGraph(WireMessage& model);

/// Throws Error for bytes that are no model.
OnnxOutline onnxOutline(WireMessage& model);

/// What a tensor is, without its data.
OnnxOutline::Constant onnxConstant(const WireMessage& tensor);

/// Where the part of the model begins and ends that those nodes are, called as OnnxEdits calls
/// them. What they read and other nodes compute of the inputs is where it begins; constants, and
/// what is computed of constants alone, come along. Where others read, or what are outputs of the
/// model, it ends; where nothing does, at all that nobody reads. Throws Error for a node that is
/// not there.
struct OnnxPart {
    std::vector<std::string> from, to;
};
OnnxPart onnxPart(const OnnxOutline& outline, const std::vector<std::string>& nodes);

} // namespace gradwright
