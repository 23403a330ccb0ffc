// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/onnx/node.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What a layer that is a node of ONNX reads in one of its inputs.
struct OnnxOperandSpec {
    enum class Kind { LeftOut, Port, Constant, Weight };
    Kind kind = Kind::LeftOut;
    DType type = DType::F32; ///< of the values as the node sees them
    bool isScalar = false;   ///< of a port: its one number has no axes
    Shape shape{};           ///< of a weight, as the model has it
    std::shared_ptr<const Tensor> values{};
    std::string name{}; ///< by which graphs within the node read it

    bool operator==(const OnnxOperandSpec& other) const;
};

// The texts that a network's file holds, which people may edit.

/// "float32", "int64", …, and back; throws Error naming those there are.
std::string onnxElementName(DType type);
DType onnxElementFromName(std::string_view name);

/// [null, "float32", {"weight": "float32", "shape": [3]}, {"constant": "int64", "shape": [],
/// "values": [3]}]: an input that is left out, one with a link, weights, and a constant.
std::string toText(const std::vector<OnnxOperandSpec>& operands);
std::vector<OnnxOperandSpec> onnxOperandsFromText(std::string_view text);

/// {"axis": 1, "alpha": 0.5, "mode": "linear", "perm": [0, 2, 1]}. Tensors are objects like
/// constants; what is not read is its bytes, in hexadecimal digits: {"bytes": "0a01"}.
std::string toText(const std::map<std::string, OnnxAttributeValue, std::less<>>& attributes);
std::map<std::string, OnnxAttributeValue, std::less<>>
onnxAttributesFromText(std::string_view text);

} // namespace gradwright
