// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <onnx_subset.pb.h>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright::test {

/// A dense array in row-major order. Whole numbers and truth values are kept as real ones.
struct OnnxArray {
    std::vector<std::int64_t> shape;
    std::vector<double> data;

    OnnxArray() = default;
    explicit OnnxArray(std::vector<std::int64_t> lengths)
        : shape(std::move(lengths))
        , data(static_cast<std::size_t>(count(shape))) {}
    [[nodiscard]] static std::int64_t count(const std::vector<std::int64_t>& shape);
    [[nodiscard]] std::int64_t rank() const { return static_cast<std::int64_t>(shape.size()); }
    [[nodiscard]] std::vector<std::int64_t> integers() const;
};

/// Counts through all places of a shape, the last axis fastest.
void forEachPlace(const std::vector<std::int64_t>& shape,
                  const std::function<void(const std::vector<std::int64_t>&)>& visit);
/// The element at a place of an array whose axes are aligned at the last one and repeated where
/// they are missing or of length 1.
double broadcastAt(const OnnxArray& array, const std::vector<std::int64_t>& place);
std::vector<std::int64_t> broadcastShapeOf(const std::vector<OnnxArray>& arrays);

/// A node as its operator reads it.
struct OnnxNode {
    const onnx_format::NodeProto& proto;
    std::vector<OnnxArray> inputs; ///< without elements where the node leaves one out
    std::int64_t opset;

    [[nodiscard]] const OnnxArray& x() const { return inputs[0]; }
    [[nodiscard]] bool has(std::size_t index) const {
        return index < inputs.size() && !inputs[index].data.empty();
    }
    [[nodiscard]] const onnx_format::AttributeProto* find(std::string_view name) const;
    // Throw std::runtime_error where the standard has no default and the node says nothing.
    [[nodiscard]] std::int64_t integer(std::string_view name) const;
    [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
    [[nodiscard]] double real(std::string_view name, double otherwise) const;
    [[nodiscard]] std::string text(std::string_view name, std::string otherwise) const;
    [[nodiscard]] std::vector<std::int64_t> list(std::string_view name) const;
    /// Of the first input, counted from the front.
    [[nodiscard]] std::size_t axis(std::int64_t given) const {
        return static_cast<std::size_t>(given < 0 ? given + x().rank() : given);
    }
};

using OnnxOperators = std::map<std::string, std::vector<OnnxArray> (*)(const OnnxNode&)>;
void addElementOperators(OnnxOperators& all);
void addShapeOperators(OnnxOperators& all);
void addLayerOperators(OnnxOperators& all);

/// Computes a model in double precision from what onnx.ai says of each operator, with plain loops
/// that share nothing with the engine. Values are checked against the shapes that the file states.
/// Throws std::runtime_error for anything that the standard does not allow or that it does not
/// know.
std::map<std::string, OnnxArray> evaluateOnnx(const onnx_format::ModelProto& model,
                                              std::map<std::string, OnnxArray> inputs);

} // namespace gradwright::test
