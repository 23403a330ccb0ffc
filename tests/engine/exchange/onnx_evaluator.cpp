// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/exchange/onnx_evaluator.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <stdexcept>

namespace gradwright::test {
namespace {

constexpr int kFloat = 1;
constexpr int kInt32 = 6;
constexpr int kInt64 = 7;
constexpr int kTruth = 9;

template <class T>
void read(const std::string& raw, OnnxArray& array) {
    if (raw.size() != array.data.size() * sizeof(T))
        throw std::runtime_error("an initializer has another number of bytes than its shape says");
    for (std::size_t i = 0; i < array.data.size(); ++i) {
        T value{};
        std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
        array.data[i] = static_cast<double>(value);
    }
}

OnnxArray arrayOf(const onnx_format::TensorProto& proto) {
    OnnxArray array({proto.dims().begin(), proto.dims().end()});
    if (proto.data_type() == kFloat)
        read<float>(proto.raw_data(), array);
    else if (proto.data_type() == kInt32)
        read<std::int32_t>(proto.raw_data(), array);
    else if (proto.data_type() == kInt64)
        read<std::int64_t>(proto.raw_data(), array);
    else if (proto.data_type() == kTruth)
        read<std::uint8_t>(proto.raw_data(), array);
    else
        throw std::runtime_error("an initializer of another type");
    return array;
}

/// Lengths with a name must be the same wherever it stands.
void checkShape(const onnx_format::ValueInfoProto& info, const OnnxArray& array,
                std::map<std::string, std::int64_t>& lengths) {
    if (!info.type().tensor_type().has_shape())
        return; // the file does not say
    const auto& shape = info.type().tensor_type().shape();
    const auto fail = [&] { throw std::runtime_error(info.name() + " has another shape"); };
    if (shape.dim_size() != array.rank())
        fail();
    for (int axis = 0; axis < shape.dim_size(); ++axis) {
        const auto& dim = shape.dim(axis);
        const auto length = array.shape[static_cast<std::size_t>(axis)];
        if (dim.value_case() == onnx_format::TensorShapeProto::Dimension::kDimParam) {
            if (lengths.emplace(dim.dim_param(), length).first->second != length)
                fail();
        } else if (dim.dim_value() != length) {
            fail();
        }
    }
}

const OnnxOperators& onnxOperators() {
    static const OnnxOperators all = [] {
        OnnxOperators operators;
        addElementOperators(operators);
        addShapeOperators(operators);
        addLayerOperators(operators);
        return operators;
    }();
    return all;
}

} // namespace

std::int64_t OnnxArray::count(const std::vector<std::int64_t>& shape) {
    return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<std::int64_t> OnnxArray::integers() const {
    std::vector<std::int64_t> numbers;
    for (const double value : data)
        numbers.push_back(static_cast<std::int64_t>(value));
    return numbers;
}

void forEachPlace(const std::vector<std::int64_t>& shape,
                  const std::function<void(const std::vector<std::int64_t>&)>& visit) {
    std::vector<std::int64_t> place(shape.size());
    for (auto left = OnnxArray::count(shape); left > 0; --left) {
        visit(place);
        for (auto axis = shape.size(); axis-- > 0;) {
            if (++place[axis] < shape[axis])
                break;
            place[axis] = 0;
        }
    }
}

double broadcastAt(const OnnxArray& array, const std::vector<std::int64_t>& place) {
    const auto missing = place.size() - array.shape.size();
    std::int64_t index = 0;
    for (std::size_t axis = 0; axis < array.shape.size(); ++axis)
        index = index * array.shape[axis] + (array.shape[axis] == 1 ? 0 : place[missing + axis]);
    return array.data[static_cast<std::size_t>(index)];
}

std::vector<std::int64_t> broadcastShapeOf(const std::vector<OnnxArray>& arrays) {
    std::vector<std::int64_t> joint;
    for (const auto& array : arrays) {
        if (array.shape.size() > joint.size())
            joint.insert(joint.begin(), array.shape.size() - joint.size(), 1);
        const auto missing = joint.size() - array.shape.size();
        for (std::size_t axis = 0; axis < array.shape.size(); ++axis) {
            auto& length = joint[missing + axis];
            if (length != 1 && array.shape[axis] != 1 && length != array.shape[axis])
                throw std::runtime_error("shapes that do not broadcast");
            length = std::max(length, array.shape[axis]);
        }
    }
    return joint;
}

const onnx_format::AttributeProto* OnnxNode::find(std::string_view name) const {
    for (const auto& attribute : proto.attribute())
        if (attribute.name() == name)
            return &attribute;
    return nullptr;
}

std::int64_t OnnxNode::integer(std::string_view name) const {
    const auto* const found = find(name);
    if (!found || found->type() != onnx_format::AttributeProto::INT)
        throw std::runtime_error(proto.op_type() + " lacks " + std::string(name));
    return found->i();
}

std::int64_t OnnxNode::integer(std::string_view name, std::int64_t otherwise) const {
    return find(name) ? integer(name) : otherwise;
}

double OnnxNode::real(std::string_view name, double otherwise) const {
    const auto* const found = find(name);
    if (found && found->type() != onnx_format::AttributeProto::FLOAT)
        throw std::runtime_error(std::string(name) + " is no number");
    return found ? static_cast<double>(found->f()) : otherwise;
}

std::string OnnxNode::text(std::string_view name, std::string otherwise) const {
    const auto* const found = find(name);
    if (found && found->type() != onnx_format::AttributeProto::STRING)
        throw std::runtime_error(std::string(name) + " is no text");
    return found ? found->s() : std::move(otherwise);
}

std::vector<std::int64_t> OnnxNode::list(std::string_view name) const {
    const auto* const found = find(name);
    if (!found || found->type() != onnx_format::AttributeProto::INTS)
        throw std::runtime_error(proto.op_type() + " lacks " + std::string(name));
    return {found->ints().begin(), found->ints().end()};
}

std::map<std::string, OnnxArray> evaluateOnnx(const onnx_format::ModelProto& model,
                                              std::map<std::string, OnnxArray> inputs) {
    const auto& graph = model.graph();
    const auto opset = model.opset_import(0).version();
    std::map<std::string, std::int64_t> lengths;
    std::map<std::string, const onnx_format::ValueInfoProto*> stated;
    for (const auto& info : graph.value_info())
        stated[info.name()] = &info;
    for (const auto& info : graph.output())
        stated[info.name()] = &info;
    auto values = std::move(inputs);
    for (const auto& info : graph.input())
        checkShape(info, values.at(info.name()), lengths);
    for (const auto& proto : graph.initializer())
        if (!values.emplace(proto.name(), arrayOf(proto)).second)
            throw std::runtime_error(proto.name() + " is there twice");
    for (const auto& proto : graph.node()) {
        OnnxNode node{proto, {}, opset};
        for (const auto& name : proto.input())
            node.inputs.push_back(name.empty() ? OnnxArray() : values.at(name));
        const auto found = onnxOperators().find(proto.op_type());
        if (found == onnxOperators().end())
            throw std::runtime_error("no operator " + proto.op_type());
        auto made = found->second(node);
        for (int i = 0; i < proto.output_size(); ++i) {
            const auto& name = proto.output(i);
            const auto& value = made.at(static_cast<std::size_t>(i));
            if (const auto info = stated.find(name); info != stated.end())
                checkShape(*info->second, value, lengths);
            if (!values.emplace(name, value).second)
                throw std::runtime_error(name + " is made twice");
        }
    }
    return values;
}

} // namespace gradwright::test
