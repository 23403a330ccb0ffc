// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/engine/backend/onnx_general.h"

#include <onnx/onnx_pb.h>

#include <map>

namespace gradwright::test {

/// Leaves a node test out with a reason.
struct Skip {
    std::string reason;
};

inline void requireThat(bool holds, std::string reason) {
    if (!holds)
        throw Skip{std::move(reason)};
}

/// One node of an ONNX model as ops.
class GeneralBuilder {
public:
    GeneralBuilder(const onnx::NodeProto& node, std::map<std::string, Tensor> tensors)
        : node_(node)
        , tensors_(std::move(tensors)) {
        for (const auto& attribute : node.attribute())
            attributes_[attribute.name()] = attribute;
    }

    OnnxGeneralTest build();

    // For the operators.
    [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(node_.input_size()); }
    [[nodiscard]] bool has(std::size_t index) const {
        return index < count() && !node_.input(static_cast<int>(index)).empty();
    }
    [[nodiscard]] const Tensor& tensor(std::size_t index) const {
        return tensors_.at(node_.input(static_cast<int>(index)));
    }
    [[nodiscard]] std::int64_t rank(std::size_t index = 0) const {
        return static_cast<std::int64_t>(tensor(index).shape().rank());
    }
    /// A value of the graph: fed where it is of F32.
    ValueId in(std::size_t index) {
        const auto& name = node_.input(static_cast<int>(index));
        if (const auto found = values_.find(name); found != values_.end())
            return found->second;
        const auto& data = tensor(index);
        ValueId value;
        if (data.dtype() == DType::F32) {
            value = test_.graph.addInput(name, ValueType::of(Dims::of(data.shape())));
            test_.inputs.push_back(data);
        } else {
            value = test_.graph.addConstant(data, name);
        }
        values_[name] = value;
        return value;
    }
    /// All inputs that the node has.
    std::vector<ValueId> all() {
        std::vector<ValueId> values;
        for (std::size_t i = 0; i < count(); ++i)
            if (has(i))
                values.push_back(in(i));
        return values;
    }
    [[nodiscard]] OpGraph& graph() { return test_.graph; }
    /// What an input says that has to be known while the graph is built.
    [[nodiscard]] std::vector<std::int64_t> integers(std::size_t index) const {
        const auto numbers = tensor(index).to(DType::I64);
        const auto span = numbers.span<std::int64_t>();
        return {span.begin(), span.end()};
    }
    [[nodiscard]] std::vector<std::int64_t> integers(const std::string& name) const {
        const auto found = attributes_.find(name);
        if (found == attributes_.end())
            return {};
        return {found->second.ints().begin(), found->second.ints().end()};
    }
    [[nodiscard]] std::int64_t integer(const std::string& name, std::int64_t defaultValue) const {
        const auto found = attributes_.find(name);
        return found == attributes_.end() ? defaultValue : found->second.i();
    }
    [[nodiscard]] double real(const std::string& name, double defaultValue) const {
        const auto found = attributes_.find(name);
        return found == attributes_.end() ? defaultValue : static_cast<double>(found->second.f());
    }
    [[nodiscard]] std::string text(const std::string& name, std::string defaultValue) const {
        const auto found = attributes_.find(name);
        return found == attributes_.end() ? std::move(defaultValue) : found->second.s();
    }
    /// An attribute; a zero where it is missing.
    [[nodiscard]] Tensor tensorOf(const std::string& name) const;
    [[nodiscard]] const onnx::GraphProto& graphOf(const std::string& name) const {
        return attributes_.at(name).g();
    }
    /// A weight of the graph with those values.
    WeightId weight(Tensor values) {
        const auto id = test_.graph.addWeight(
            {fmt::format("weight{}", test_.weights.size()), values.shape(), {}, {}, false});
        test_.weights.push_back(std::move(values));
        return id;
    }
    /// All outputs of an op.
    std::vector<ValueId> addAll(OpAttributes op, std::vector<ValueId> inputs,
                                std::vector<WeightId> weights) {
        return test_.graph.insert(test_.graph.ops().size(), std::move(op), std::move(inputs),
                                  node_.op_type(), std::move(weights));
    }
    ValueId add(OpAttributes op, std::vector<ValueId> inputs) {
        return test_.graph.add(std::move(op), std::move(inputs), node_.op_type());
    }
    void finish(ValueId value) {
        test_.graph.addOutput(fmt::format("output{}", test_.graph.outputs().size()), value);
    }
    void finishAll(OpAttributes op, std::vector<ValueId> inputs) {
        for (const auto value : test_.graph.insert(test_.graph.ops().size(), std::move(op),
                                                   std::move(inputs), node_.op_type()))
            finish(value);
    }
    void reshaped(Shape shape) { finish(add(ReshapeOp{Dims::of(shape)}, {in(0)})); }
    [[nodiscard]] int outputs() const { return node_.output_size(); }
    [[nodiscard]] bool hasOutput(int index) const {
        return index < outputs() && !node_.output(index).empty();
    }

private:
    const onnx::NodeProto& node_;
    std::map<std::string, Tensor> tensors_;
    std::map<std::string, onnx::AttributeProto> attributes_;
    std::map<std::string, ValueId> values_;
    OnnxGeneralTest test_;
};

/// What a model holds as a number or a list of them: F32, I32 or I64.
Tensor constantOf(const onnx::TensorProto& proto);

/// Branches and loops.
void buildIf(GeneralBuilder& builder);
void buildLoop(GeneralBuilder& builder);
void buildScan(GeneralBuilder& builder);

/// RNN, LSTM and GRU.
void buildRecurrent(GeneralBuilder& builder, CellKind cell);

} // namespace gradwright::test
