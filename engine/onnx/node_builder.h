// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/onnx/node_ops.h"
#include "engine/ops/op_graph.h"

#include <initializer_list>
#include <map>

namespace gradwright {

/// One node of ONNX while its ops are made. What it cannot compute it throws as an Error with the
/// reason.
class NodeBuilder {
public:
    NodeBuilder(OpGraph& graph, const OnnxNode& node, std::int64_t opset,
                std::span<const OnnxOperand> operands, const std::string& path,
                std::span<const std::string> captured)
        : graph_(graph)
        , node_(node)
        , opset_(opset)
        , operands_(operands)
        , path_(path)
        , captured_(captured)
        , added_(operands.size()) {}

    [[nodiscard]] const OnnxNode& node() const { return node_; }
    [[nodiscard]] std::int64_t opset() const { return opset_; }
    [[nodiscard]] OpGraph& graph() { return graph_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::size_t count() const { return node_.inputs.size(); }
    [[nodiscard]] bool has(std::size_t input) const {
        return input < operands_.size() && !operands_[input].isLeftOut();
    }
    [[nodiscard]] const OnnxOperand& operand(std::size_t input) const { return operands_[input]; }
    /// What the graphs within the node may read, by the names that it has there.
    [[nodiscard]] std::map<std::string, OnnxOperand, std::less<>> captured() const;
    [[nodiscard]] bool hasOutput(std::size_t output) const {
        return output < node_.outputs.size() && !node_.outputs[output].empty();
    }

    // Inputs.
    /// The operand as a value; a constant is added to the graph.
    ValueId in(std::size_t input);
    /// The same as real numbers.
    ValueId real(std::size_t input) { return cast(in(input), DType::F32); }
    /// All that the node has.
    std::vector<ValueId> all();
    [[nodiscard]] DType type(std::size_t input) { return graph_.type(in(input)).element; }
    [[nodiscard]] Dims dims(std::size_t input) { return graph_.type(in(input)).dims; }
    [[nodiscard]] std::size_t rank(std::size_t input) { return dims(input).rank(); }
    /// The lengths, which must be numbers.
    [[nodiscard]] Shape shape(std::size_t input);
    [[nodiscard]] Shape shapeOf(ValueId value, std::string_view what) const;
    [[nodiscard]] Dims dimsOf(ValueId value) const { return graph_.type(value).dims; }
    // What has to be known while the graph is built: constants and computed lengths.
    [[nodiscard]] bool isKnown(std::size_t input) const;
    [[nodiscard]] Tensor known(std::size_t input, std::string_view what) const;
    [[nodiscard]] std::vector<std::int64_t> integers(std::size_t input,
                                                     std::string_view what) const;
    [[nodiscard]] std::vector<double> numbers(std::size_t input, std::string_view what) const;
    /// A single one; what stands for it where the input is left out.
    [[nodiscard]] double number(std::size_t input, std::string_view what, double otherwise) const;
    /// From the attribute or, since some operator set, the input; nothing where there is neither.
    [[nodiscard]] std::optional<std::vector<std::int64_t>>
    attributeOrInput(std::string_view attribute, std::size_t input) const;
    /// `axis` of a value of that many axes, counted from 0.
    [[nodiscard]] static std::size_t axisOf(std::int64_t axis, std::size_t rank);

    // Ops.
    ValueId op(OpAttributes attributes, std::vector<ValueId> inputs,
               std::vector<WeightId> weights = {});
    std::vector<ValueId> ops(OpAttributes attributes, std::vector<ValueId> inputs,
                             std::vector<WeightId> weights = {});
    ValueId constant(Tensor values);
    ValueId scalar(double value) { return constant(Tensor::of<float>({}, one(value))); }
    ValueId integer(std::int64_t value);
    ValueId cast(ValueId x, DType type);
    ValueId reshape(ValueId x, Dims dims);
    ValueId permute(ValueId x, std::vector<std::int64_t> axes);
    /// The axis becomes the last one, and back.
    ValueId axisLast(ValueId x, std::size_t axis);
    ValueId axisBack(ValueId x, std::size_t axis);
    ValueId unary(UnaryKind kind, ValueId x, double scale = 1, double shift = 0, double a = 0,
                  double b = 0);
    ValueId binary(BinaryKind kind, ValueId a, ValueId b, double scale = 1, double shift = 0);
    ValueId reduce(ReduceKind kind, ValueId x, std::vector<std::int64_t> axes, bool keep);
    /// x times the matrix, [length, other length], along the axis.
    ValueId times(ValueId x, const Tensor& matrix, std::size_t axis);
    /// Where the condition holds a, else b, of which one may have to be made of the other's type.
    ValueId where(ValueId condition, ValueId a, ValueId b);

    /// The next output.
    void give(ValueId value) { results_.push_back(value); }
    [[nodiscard]] std::vector<ValueId> take() { return std::move(results_); }

    /// Calls `build` with a value that has the batch in front, as ops of layers need it, and brings
    /// what it makes back: x has its samples along its first axis.
    template <class Build>
    ValueId perSample(ValueId x, const Build& build) {
        std::vector<ValueId> made;
        for (const auto each : toSamples(x))
            made.push_back(build(each));
        return fromSamples(dimsOf(x)[0], made);
    }

private:
    static std::span<const float> one(double value);
    std::vector<ValueId> toSamples(ValueId x);
    ValueId fromSamples(const Dim& length, const std::vector<ValueId>& samples);

    OpGraph& graph_;
    const OnnxNode& node_;
    std::int64_t opset_;
    std::span<const OnnxOperand> operands_;
    const std::string& path_;
    std::span<const std::string> captured_;
    std::vector<std::optional<ValueId>> added_;
    std::vector<ValueId> results_;
};

/// A value of the first sample without the batch, and one for each sample of the only one: both
/// leave no trace where they follow each other. They are right for a batch of one alone, and what
/// holds them mixes samples.
ValueId ofFirstSample(OpGraph& graph, ValueId x, const std::string& path);
ValueId forEachSample(OpGraph& graph, ValueId x, const std::string& path);

using OnnxMapping = void (*)(NodeBuilder& builder);
using OnnxMappings = std::map<std::string, OnnxMapping, std::less<>>;

// A family each.
const OnnxMappings& onnxElements();
const OnnxMappings& onnxActivations();
const OnnxMappings& onnxShapes();
const OnnxMappings& onnxIndices();
const OnnxMappings& onnxPlacing();
const OnnxMappings& onnxProducts();
const OnnxMappings& onnxWindows();
const OnnxMappings& onnxResizing();
const OnnxMappings& onnxNormalizations();
const OnnxMappings& onnxRecurrences();
const OnnxMappings& onnxAttention();
const OnnxMappings& onnxControl();
const OnnxMappings& onnxSelection();

/// The element type of that name: "float32". Those that are computed in FP32 are F32. Throws Error
/// for another.
DType onnxElementType(std::int64_t number);

} // namespace gradwright
