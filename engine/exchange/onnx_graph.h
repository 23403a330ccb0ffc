// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/exchange/onnx_writer.h"
#include "engine/onnx/onnx_tensors.h"
#include "engine/ops/op_graph.h"

#include <cstdint>
#include <functional>
#include <map>
#include <onnx_subset.pb.h>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gradwright {

struct OnnxAttribute {
    std::string_view name;
    std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>,
                 std::vector<std::string>>
        value;
};
using OnnxAttributes = std::vector<OnnxAttribute>;

/// A graph of ONNX while it is made. Names of what nodes make are preliminary until finish(), which
/// knows how many nodes a layer has.
class OnnxGraph {
public:
    /// Of the ops that are needed, by place.
    OnnxGraph(const OpGraph& graph, const std::vector<bool>& isNeeded, const Weights& weights,
              std::int64_t opset, DType weightType);

    [[nodiscard]] const OpGraph& source() const { return source_; }
    [[nodiscard]] std::int64_t opset() const { return opset_; }
    [[nodiscard]] bool isWholeNumbers(ValueId input) const { return wholeInputs_.contains(input); }

    /// The name of a value that has been made.
    [[nodiscard]] const std::string& nameOf(ValueId value);
    [[nodiscard]] bool isNamed(ValueId value) const { return names_.contains(value); }
    void setName(ValueId value, std::string name) { names_[value] = std::move(name); }

    /// The weight's values as F32. Throws Error when they are missing or have another shape.
    [[nodiscard]] Tensor weightValues(WeightId id) const;
    /// An initializer of that name, or one like it where the name is taken.
    std::string addTensor(std::string name, const Tensor& values, const Shape& shape);
    /// The same of whole numbers from -8 to 7, kept in real ones: as INT4, which there is from
    /// operator set 21 on.
    std::string addHalfBytes(std::string name, const Tensor& values, const Shape& shape);
    /// The same for weights, which may be kept in a shorter type and cast.
    std::string addWeights(const std::string& name, const Tensor& values, const Shape& shape);
    /// The weight as it lies, in memory and under `shape`.
    std::string addWeight(WeightId id, const Shape& shape);
    /// Preliminary names of what the node makes.
    std::vector<std::string> addNode(std::string_view type, const std::vector<std::string>& inputs,
                                     const OnnxAttributes& attributes, std::size_t outputs,
                                     const std::string& path);

    /// A node as another model had it. Throws Error where the operator set of this model has it in
    /// another form.
    void addOrigin(const Origin& origin);

    /// The graph with its final names. Nothing can be added afterwards.
    onnx_format::GraphProto finish();

private:
    void addCaptured(const std::string& name, const std::string& value);
    void nameOutputs();
    void nameNodes();
    void writeValueTypes();
    void describe(onnx_format::ValueInfoProto& info, const std::string& name, ValueId value) const;
    std::string unique(const std::string& name);

    const OpGraph& source_;
    const Weights& weights_;
    std::int64_t opset_;
    DType weightType_;
    onnx_format::GraphProto graph_;
    std::map<ValueId, std::string> names_;
    std::vector<NamedValue> inputs_; ///< those that are read
    std::vector<NamedValue> outputs_;
    std::set<ValueId> wholeInputs_;
    std::map<ValueId, DType> types_; ///< of what nodes of other models read and make
    std::set<ValueId> wholeRuns_;    ///< values of such nodes without a batch in front
    std::set<ValueId> scalars_;      ///< inputs that have no axes there
    std::set<std::string> taken_;
    std::map<std::pair<std::uint32_t, std::vector<std::int64_t>>, std::string> weightNames_;
    std::vector<std::string> paths_;             ///< of the nodes
    std::map<std::string, std::string> renamed_; ///< preliminary names to final ones
};

/// One op while it is written.
class OnnxScope {
public:
    OnnxScope(OnnxGraph& graph, const Op& op)
        : graph_(graph)
        , op_(op) {}

    [[nodiscard]] std::int64_t opset() const { return graph_.opset(); }
    [[nodiscard]] OnnxGraph& graph() { return graph_; }
    [[nodiscard]] const OpGraph& source() const { return graph_.source(); }
    [[nodiscard]] const Op& op() const { return op_; }
    [[nodiscard]] std::size_t inputs() const { return op_.inputs.size(); }
    [[nodiscard]] std::size_t weights() const { return op_.weights.size(); }
    [[nodiscard]] const ValueType& input(std::size_t index = 0) const {
        return graph_.source().type(op_.inputs[index]);
    }
    [[nodiscard]] const ValueType& output(std::size_t index = 0) const {
        return graph_.source().type(op_.outputs[index]);
    }
    [[nodiscard]] std::size_t rank(std::size_t index = 0) const { return input(index).dims.rank(); }

    [[nodiscard]] std::string in(std::size_t index = 0) { return graph_.nameOf(op_.inputs[index]); }
    /// The names of all inputs.
    [[nodiscard]] std::vector<std::string> all();
    /// Whether the input is fed with I64.
    [[nodiscard]] bool isWhole(std::size_t index) const {
        return graph_.isWholeNumbers(op_.inputs[index]);
    }
    std::string weight(std::size_t index);
    /// The same elements under another shape.
    std::string weight(std::size_t index, const Shape& shape);
    [[nodiscard]] Tensor weightValues(std::size_t index) const {
        return graph_.weightValues(op_.weights[index]);
    }
    [[nodiscard]] const std::string& weightKey(std::size_t index) const {
        return graph_.source().weight(op_.weights[index]).key;
    }
    /// Weights in another order.
    std::string weightTensor(const std::string& name, const Tensor& values) {
        return graph_.addWeights(name, values, values.shape());
    }
    /// Numbers that keep their type.
    std::string tensor(const std::string& name, const Tensor& values) {
        return graph_.addTensor(name, values, values.shape());
    }
    /// Whole numbers from -8 to 7 as INT4.
    std::string halfBytes(const std::string& name, const Tensor& values) {
        return graph_.addHalfBytes(name, values, values.shape());
    }
    /// Constants are called "<path>/<label>".
    std::string integers(std::string_view label, const std::vector<std::int64_t>& values);
    std::string number(std::string_view label, double value);
    std::string numbers(std::string_view label, const Shape& shape,
                        const std::vector<double>& values);

    /// The number of samples, of shape [1]; refuses where no input of the network tells it.
    std::string sampleCount();

    std::string node(std::string_view type, const std::vector<std::string>& inputs,
                     const OnnxAttributes& attributes = {}) {
        return nodes(type, inputs, attributes, 1).front();
    }
    std::vector<std::string> nodes(std::string_view type, const std::vector<std::string>& inputs,
                                   const OnnxAttributes& attributes, std::size_t outputs) {
        return graph_.addNode(type, inputs, attributes, outputs, op_.path);
    }
    /// What the op's output is called.
    void result(std::string name, std::size_t output = 0) {
        graph_.setName(op_.outputs[output], std::move(name));
    }

    /// x under axes `to`, which keeps the batch's name where both have it in front.
    std::string reshape(const std::string& x, const Dims& from, const Dims& to);
    /// The mean over the axes, which stay with length 1.
    std::string mean(const std::string& x, const std::vector<std::int64_t>& axes);

    /// Throws Error that names the layer.
    [[noreturn]] void refuse(std::string_view reason) const;

private:
    OnnxGraph& graph_;
    const Op& op_;
};

/// The nodes of an activation of `x`.
std::string activated(OnnxScope& s, const Activation& activation, const std::string& x);
/// Calls `write`. Where the op makes integers of integers, as max pooling and reshaping do, it is
/// written on the real numbers that they stand for: runtimes look for such pieces, and readers need
/// not know these operators for bytes.
void writeOnReals(OnnxScope& s, const std::function<void()>& write);
OnnxAttributes convAttributes(const ConvOp& op, std::size_t axes);
OnnxAttributes poolAttributes(const PoolOp& op, std::size_t axes);

// How each op is written, a file per family. Each sets all results of its op or refuses.
void writeOnnx(OnnxScope& s, const ConvOp& op);
void writeOnnx(OnnxScope& s, const ConvTransposeOp& op);
void writeOnnx(OnnxScope& s, const DenseOp& op);
void writeOnnx(OnnxScope& s, const PoolOp& op);
void writeOnnx(OnnxScope& s, const GlobalAveragePoolOp& op);

void writeOnnx(OnnxScope& s, const BatchNormOp& op);
void writeOnnx(OnnxScope& s, const NormalizeOp& op);
void writeOnnx(OnnxScope& s, const LocalResponseNormOp& op);

void writeOnnx(OnnxScope& s, const ActivationOp& op);
void writeOnnx(OnnxScope& s, const PreluOp& op);
void writeOnnx(OnnxScope& s, const SoftmaxOp& op);
void writeOnnx(OnnxScope& s, const AddOp& op);
void writeOnnx(OnnxScope& s, const CombineOp& op);
void writeOnnx(OnnxScope& s, const UnaryOp& op);
void writeOnnx(OnnxScope& s, const BinaryOp& op);
void writeOnnx(OnnxScope& s, const CompareOp& op);
void writeOnnx(OnnxScope& s, const LogicOp& op);
void writeOnnx(OnnxScope& s, const WhereOp& op);
void writeOnnx(OnnxScope& s, const CastOp& op);

void writeOnnx(OnnxScope& s, const ReshapeOp& op);
void writeOnnx(OnnxScope& s, const PermuteOp& op);
void writeOnnx(OnnxScope& s, const SplitOp& op);
void writeOnnx(OnnxScope& s, const ConcatOp& op);
void writeOnnx(OnnxScope& s, const ResampleOp& op);
void writeOnnx(OnnxScope& s, const ExpandOp& op);
void writeOnnx(OnnxScope& s, const MatMulOp& op);
void writeOnnx(OnnxScope& s, const ReduceOp& op);
void writeOnnx(OnnxScope& s, const ArgMaxOp& op);
void writeOnnx(OnnxScope& s, const TopKOp& op);
void writeOnnx(OnnxScope& s, const GatherOp& op);

void writeOnnx(OnnxScope& s, const QuantizeOp& op);
void writeOnnx(OnnxScope& s, const DequantizeOp& op);
void writeOnnx(OnnxScope& s, const QuantizedProductOp& op);
void writeOnnx(OnnxScope& s, const QuantizedPoolOp& op);
void writeOnnx(OnnxScope& s, const PackedDenseOp& op);

void writeOnnx(OnnxScope& s, const EmbeddingOp& op);
void writeOnnx(OnnxScope& s, const PositionOp& op);
void writeOnnx(OnnxScope& s, const RecurrentOp& op);
void writeOnnx(OnnxScope& s, const AttentionOp& op);

} // namespace gradwright
