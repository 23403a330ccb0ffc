// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_types.h"

#include "engine/onnx/node_ops.h"
#include "engine/onnx/node_spec.h"
#include "engine/onnx/onnx_tensors.h"
#include "engine/onnx/read_nodes.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <optional>

namespace gradwright {
namespace {

constexpr std::uint64_t kMostConstantBytes = std::uint64_t{1} << 20;

/// Nothing for types that are computed in another one.
std::optional<DType> computedType(std::string_view name) {
    for (const auto type : {DType::F32, DType::I64, DType::I32, DType::I8, DType::U8, DType::Bool})
        if (onnxElementName(type) == name)
            return type;
    return {};
}

class TypeInference {
public:
    TypeInference(WireMessage& model, const OnnxOutline& outline)
        : graph_(onlyOnnxGraph(model))
        , outline_(outline) {}

    OnnxTypes run() {
        constexpr std::uint32_t kNodesInGraph = 1;
        constexpr std::uint32_t kTensorsInGraph = 5;
        tensors_ = graph_.open(kTensorsInGraph);
        for (std::size_t i = 0; i < outline_.constants.size(); ++i)
            places_.emplace(outline_.constants[i].name, i);
        nameBatch();
        for (const auto& input : outline_.inputs)
            addInput(input);
        const auto nodes = graph_.open(kNodesInGraph);
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const auto& described = outline_.nodes[i];
            try {
                if (isComputed(described))
                    addNode(*nodes[i]);
            } catch (const Error&) {
                // What no op computes has no types here.
            }
            for (const auto& name : described.outputs)
                if (const auto* port = outline_.portOf(name); port && !values_.contains(name))
                    addInput(*port);
        }
        return std::move(types_);
    }

private:
    /// Ops know the batch by a name of its own: the first axis of most inputs.
    void nameBatch() {
        for (const auto& input : outline_.inputs)
            if (!input.axes.empty() && !input.axes.front().name.empty()) {
                axes_.emplace_back(input.axes.front().name, Dim::batch());
                return;
            }
    }

    Dim dimOf(const OnnxAxis& axis) {
        if (axis.length >= 0)
            return axis.length;
        if (!axis.name.empty())
            for (const auto& [name, dim] : axes_)
                if (name == axis.name)
                    return dim;
        axes_.emplace_back(axis.name, Dim::named(fmt::format("a{}", axes_.size())));
        return axes_.back().second;
    }

    OnnxAxis axisOf(const Dim& dim) const {
        if (dim.isNumber())
            return {dim.number(), {}};
        for (const auto& [name, each] : axes_)
            if (each == dim)
                return {-1, name};
        return {}; // a product of lengths
    }

    void addInput(const OnnxPort& port) {
        const auto type = computedType(port.type);
        if (!type || !port.hasShape || port.name.empty() || values_.contains(port.name))
            return;
        std::vector<Dim> dims;
        for (const auto& axis : port.axes) {
            if (axis.length == 0)
                return;
            dims.push_back(dimOf(axis));
        }
        values_[port.name] = ops_.addInput(port.name, ValueType::of(Dims(std::move(dims)), *type));
    }

    [[nodiscard]] static bool isComputed(const OnnxOutline::Node& node) {
        constexpr std::array<std::string_view, 3> kTypes = {"to", "dtype", "output_dtype"};
        constexpr std::array<std::string_view, 6> kComputed = {"1", "2", "3", "6", "7", "9"};
        const bool isOpenLength =
            node.op == "NonMaxSuppression"; // ops make as many as there can be
        if (!node.captured.empty() || isOpenLength || !isOnnxOperatorKnown(node.domain, node.op))
            return false;
        return std::ranges::all_of(node.attributes, [&](const OnnxOutline::Attribute& attribute) {
            if (std::ranges::find(kTypes, attribute.name) != kTypes.end())
                return std::ranges::find(kComputed, attribute.value) != kComputed.end();
            return attribute.isEditable ||
                   computedType(
                       std::string_view(attribute.value).substr(0, attribute.value.find(' ')));
        });
    }

    void addNode(WireMessage& message) {
        onnx_format::NodeProto proto;
        if (!proto.ParseFromString(message.bytes()))
            throw Error("it is damaged");
        const auto node = readOnnxNode(proto, {});
        std::vector<OnnxOperand> operands;
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            auto& operand = operands.emplace_back();
            if (!node.hasInput(i))
                continue;
            if (const auto value = values_.find(node.inputs[i]); value != values_.end())
                operand.value = value->second;
            else
                operand = constant(node, i);
        }
        const auto made = addOnnxNode(ops_, node, outline_.opset, operands, "node");
        for (std::size_t i = 0; i < std::min(made.size(), node.outputs.size()); ++i) {
            if (node.outputs[i].empty())
                continue;
            values_[node.outputs[i]] = made[i];
            const auto& type = ops_.type(made[i]);
            OnnxPort port{node.outputs[i], onnxElementName(type.element), true, {}};
            for (const auto& dim : type.dims)
                port.axes.push_back(axisOf(dim));
            types_.insert_or_assign(port.name, std::move(port));
        }
    }

    /// By its values where they are few, as they may decide on shapes, else by its shape alone.
    OnnxOperand constant(const OnnxNode& node, std::size_t input) {
        const auto found = places_.find(node.inputs[input]);
        if (found == places_.end())
            throw Error("nothing is known of \"{}\"", node.inputs[input]);
        const auto& described = outline_.constants[found->second];
        const auto type = computedType(described.type);
        if (!type)
            throw Error("{} is not computed as it is", described.type);
        const Shape shape(described.lengths);
        OnnxOperand operand;
        if (isOnnxWeight(node, input)) {
            for (const auto& piece : onnxWeightShapes(node, input, shape))
                operand.weights.push_back(addWeight(piece));
        } else if (described.bytes <= kMostConstantBytes && described.file.empty()) {
            onnx_format::TensorProto proto;
            if (!proto.ParseFromString(tensors_[found->second]->bytes()))
                throw Error("it is damaged");
            operand.constant = onnxTensor(proto, {}, described.name).values;
            if (!operand.constant)
                throw Error("it is not read");
        } else if (*type == DType::F32) {
            operand.value = ops_.weightValue(addWeight(shape));
        } else {
            operand.value = ops_.addInput(described.name, ValueType::of(Dims::of(shape), *type));
            values_[described.name] = *operand.value;
        }
        return operand;
    }

    WeightId addWeight(const Shape& shape) {
        return ops_.addWeight({.key = fmt::format("w{}", ops_.weights().size()),
                               .shape = shape,
                               .initializer = {},
                               .fans = {}});
    }

    WireMessage& graph_;
    const OnnxOutline& outline_;
    std::vector<WireMessage*> tensors_;
    std::map<std::string_view, std::size_t> places_; ///< where each constant stands
    OpGraph ops_;
    std::map<std::string, ValueId, std::less<>> values_;
    std::vector<std::pair<std::string, Dim>> axes_; ///< names in the model and in the ops
    OnnxTypes types_;
};

} // namespace

OnnxTypes inferOnnxTypes(WireMessage& model, const OnnxOutline& outline) {
    return TypeInference(model, outline).run();
}

std::string onnxDescription(const OnnxPort& port) {
    onnx_format::ValueInfoProto info;
    info.set_name(port.name);
    auto& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(onnxNumberOf(onnxElementFromName(port.type)));
    for (const auto& axis : port.axes) {
        auto& dim = *tensor.mutable_shape()->add_dim();
        if (axis.length >= 0)
            dim.set_dim_value(axis.length);
        else if (!axis.name.empty())
            dim.set_dim_param(axis.name);
    }
    tensor.mutable_shape();
    return info.SerializeAsString();
}

} // namespace gradwright
