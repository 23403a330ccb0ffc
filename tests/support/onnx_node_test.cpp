// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/onnx_node_test.h"

#include "engine/support/error.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <fstream>

namespace fs = std::filesystem;

namespace gradwright::test {
namespace {

fs::path folder() {
    return "/usr/share/libonnx-testdata/data/node";
}

template <class Message>
Message parse(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    Message message;
    if (!message.ParseFromIstream(&stream))
        throw Error("{} cannot be read", path.string());
    return message;
}

Tensor tensorFrom(const onnx::TensorProto& proto, const fs::path& path) {
    const Shape shape(std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end()));
    const bool isFloat = proto.data_type() == onnx::TensorProto::FLOAT;
    if (!isFloat && proto.data_type() != onnx::TensorProto::INT64)
        throw Error("{}: elements of type {} are not read", path.string(), proto.data_type());
    Tensor tensor(isFloat ? DType::F32 : DType::I64, shape);
    if (proto.raw_data().size() != tensor.bytes().size())
        throw Error("{}: {} bytes for {}", path.string(), proto.raw_data().size(), toString(shape));
    std::memcpy(tensor.bytes().data(), proto.raw_data().data(), tensor.bytes().size());
    return tensor;
}

std::vector<Tensor> tensorsAt(const fs::path& data, const std::string& kind) {
    std::vector<Tensor> tensors;
    for (std::size_t i = 0;; ++i) {
        const auto path = data / (kind + "_" + std::to_string(i) + ".pb");
        if (!fs::exists(path))
            return tensors;
        tensors.push_back(tensorFrom(parse<onnx::TensorProto>(path), path));
    }
}

} // namespace

double OnnxNodeTest::number(const std::string& name, double defaultValue) const {
    const auto found = numbers.find(name);
    return found == numbers.end() ? defaultValue : found->second;
}

std::string OnnxNodeTest::string(const std::string& name, const std::string& defaultValue) const {
    const auto found = strings.find(name);
    return found == strings.end() ? defaultValue : found->second;
}

std::vector<std::string> onnxNodeTests(const std::string& beginning) {
    std::vector<std::string> names;
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(folder(), absent))
        if (entry.path().filename().string().starts_with(beginning))
            names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

std::optional<OnnxNodeTest> readOnnxNodeTest(const std::string& name) {
    const auto model = parse<onnx::ModelProto>(folder() / name / "model.onnx");
    if (model.graph().node_size() != 1)
        return std::nullopt;
    const auto& node = model.graph().node(0);
    OnnxNodeTest test;
    test.opType = node.op_type();
    for (const auto& attribute : node.attribute()) {
        if (attribute.type() == onnx::AttributeProto::STRING)
            test.strings[attribute.name()] = attribute.s();
        else if (attribute.type() == onnx::AttributeProto::INT)
            test.numbers[attribute.name()] = static_cast<double>(attribute.i());
        else if (attribute.type() == onnx::AttributeProto::FLOAT)
            test.numbers[attribute.name()] = static_cast<double>(attribute.f());
    }
    test.inputs = tensorsAt(folder() / name / "test_data_set_0", "input");
    test.outputs = tensorsAt(folder() / name / "test_data_set_0", "output");
    return test;
}

} // namespace gradwright::test
