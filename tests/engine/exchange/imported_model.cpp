// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/exchange/imported_model.h"

#include "engine/backend/backend.h"
#include "engine/graph/expand.h"
#include "engine/graph/lower.h"
#include "engine/passes/eliminate.h"
#include "engine/support/error.h"
#include "tests/support/numeric.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace gradwright::test {
namespace {

QString text(const std::string& value) {
    return QString::fromStdString(value);
}

/// Walks two graphs from their outputs backwards.
class GraphComparison {
public:
    GraphComparison(const OpGraph& a, const Weights& ofA, const OpGraph& b, const Weights& ofB)
        : a_(a)
        , b_(b)
        , ofA_(ofA)
        , ofB_(ofB) {}

    QString difference() {
        if (a_.outputs().size() != b_.outputs().size())
            return "the outputs differ in number";
        for (std::size_t i = 0; i < a_.outputs().size(); ++i)
            open_.emplace_back(a_.outputs()[i].value, b_.outputs()[i].value);
        while (!open_.empty()) {
            const auto [a, b] = open_.back();
            open_.pop_back();
            const auto [known, isNew] = matched_.emplace(a, b);
            if (!isNew && known->second != b)
                return text(a_.value(a).path + ": two values are one in the other graph");
            if (!isNew)
                continue;
            if (auto fault = differenceAt(a, b); !fault.isEmpty())
                return fault;
        }
        return {};
    }

private:
    QString differenceAt(ValueId a, ValueId b) {
        const auto& va = a_.value(a);
        const auto& vb = b_.value(b);
        const auto where = va.path + " and " + vb.path;
        if (va.type.dims != vb.type.dims)
            return text(where + ": the shapes differ");
        if (va.weight || vb.weight)
            return va.weight && vb.weight ? differenceOfWeights(*va.weight, *vb.weight)
                                          : text(where + ": one is a weight");
        if (!va.source || !vb.source)
            return va.source || vb.source ? text(where + ": one is an input") : QString();
        const auto* oa = a_.producerOf(a);
        const auto* ob = b_.producerOf(b);
        if (!(oa->attributes == ob->attributes))
            return text(where + ": the operations differ");
        if (va.source->output != vb.source->output || oa->inputs.size() != ob->inputs.size() ||
            oa->weights.size() != ob->weights.size())
            return text(where + ": inputs differ in number");
        for (std::size_t i = 0; i < oa->weights.size(); ++i)
            if (auto fault = differenceOfWeights(oa->weights[i], ob->weights[i]); !fault.isEmpty())
                return fault;
        for (std::size_t i = 0; i < oa->inputs.size(); ++i)
            open_.emplace_back(oa->inputs[i], ob->inputs[i]);
        return {};
    }

    QString differenceOfWeights(WeightId a, WeightId b) const {
        const auto& ka = a_.weight(a).key;
        const auto& kb = b_.weight(b).key;
        const auto* wa = ofA_.find(ka);
        const auto* wb = ofB_.find(kb);
        const bool isSame = wa && wb && *wa == *wb;
        return isSame ? QString() : text(ka + " and " + kb + " differ");
    }

    const OpGraph& a_;
    const OpGraph& b_;
    const Weights& ofA_;
    const Weights& ofB_;
    std::vector<std::pair<ValueId, ValueId>> open_;
    std::map<ValueId, ValueId> matched_;
};

bool isLeftOut(const std::string& layer) {
    static const std::set<std::string> all = {"input",           "output",        "block-input",
                                              "block-output",    "dropout",       "identity",
                                              "spatial-dropout", "gaussian-noise"};
    return all.contains(layer);
}

} // namespace

std::map<std::string, Tensor> answersOf(const OnnxImport& import,
                                        const std::map<std::string, Tensor>& inputs,
                                        std::int64_t batch) {
    const auto graph = lower(import.network);
    const auto program =
        makeReferenceBackend()->compile(graph, {.batch = batch, .precision = Precision::F64});
    writeWeights(*program->weights(), import.weights);
    std::vector<Tensor> held;
    held.reserve(import.inputs.size());
    std::vector<BatchInput> bound;
    for (const auto& [node, name] : import.inputs) {
        held.push_back(inputs.at(name).to(DType::F32));
        bound.push_back({graph.input(node), held.back().bytes().data()});
    }
    program->forward(bound, StepSeed{1, 1});
    std::map<std::string, Tensor> answers;
    for (const auto& [node, name] : import.outputs)
        answers[name] = program->read(graph.output(node)).to(DType::F64);
    for (const auto& name : import.flatOutputs)
        answers[name] = answers[name].reshaped({answers[name].shape()[0]});
    return answers;
}

QString differenceOf(OpGraph a, const Weights& ofA, OpGraph b, const Weights& ofB) {
    eliminateIdentities(a, true);
    eliminateIdentities(b, true);
    return GraphComparison(a, ofA, b, ofB).difference();
}

std::map<std::string, int> layersOf(const Network& network) {
    std::map<std::string, int> counts;
    for (const auto& node : expand(network).nodes)
        if (node.layer && !isLeftOut(node.layer->key))
            ++counts[node.layer->key];
    return counts;
}

ModelBuilder::ModelBuilder(std::int64_t opset) {
    model_.set_ir_version(8);
    auto& imported = *model_.add_opset_import();
    imported.set_domain("");
    imported.set_version(opset);
    model_.mutable_graph()->set_name("model");
}

std::string ModelBuilder::input(const std::string& name, const std::vector<std::int64_t>& shape,
                                int type) {
    auto& info = *model_.mutable_graph()->add_input();
    info.set_name(name);
    auto& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape()->add_dim()->set_dim_param("N");
    for (const auto length : shape)
        tensor.mutable_shape()->add_dim()->set_dim_value(length);
    return name;
}

onnx_format::TensorProto& ModelBuilder::tensor(const std::vector<std::int64_t>& shape, int type) {
    auto& proto = *model_.mutable_graph()->add_initializer();
    proto.set_name("constant" + std::to_string(++next_));
    for (const auto length : shape)
        proto.add_dims(length);
    proto.set_data_type(type);
    return proto;
}

void ModelBuilder::fixBatch(std::int64_t batch) {
    model_.mutable_graph()
        ->mutable_input(0)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(0)
        ->set_dim_value(batch);
}

std::string ModelBuilder::floats(const std::vector<std::int64_t>& shape,
                                 const std::vector<float>& values) {
    auto& proto = tensor(shape, 1);
    proto.set_raw_data(values.data(), values.size() * sizeof(float));
    return proto.name();
}

std::string ModelBuilder::random(const std::vector<std::int64_t>& shape) {
    const auto values =
        randomTensor(DType::F32, Shape(shape), static_cast<std::uint64_t>(100 + next_), 0.5);
    const auto span = values.span<float>();
    return floats(shape, {span.begin(), span.end()});
}

std::string ModelBuilder::integers(const std::vector<std::int64_t>& values) {
    auto& proto = tensor({static_cast<std::int64_t>(values.size())}, 7);
    proto.set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
    return proto.name();
}

std::string ModelBuilder::scalar(std::int64_t value) {
    auto& proto = tensor({}, 7);
    proto.set_raw_data(&value, sizeof(value));
    return proto.name();
}

std::string ModelBuilder::node(const std::string& op, const std::vector<std::string>& inputs,
                               const std::string& name, int outputs) {
    auto& proto = *model_.mutable_graph()->add_node();
    const auto first = "value" + std::to_string(++next_);
    proto.set_op_type(op);
    proto.set_name(name.empty() ? op + std::to_string(next_) : name);
    for (const auto& input : inputs)
        proto.add_input(input);
    for (int i = 1; i <= outputs; ++i)
        proto.add_output(i == 1 ? first : first + "." + std::to_string(i));
    return first;
}

onnx_format::AttributeProto& ModelBuilder::attribute(const std::string& name) {
    auto& nodes = *model_.mutable_graph()->mutable_node();
    auto& proto = *nodes.Mutable(nodes.size() - 1)->add_attribute();
    proto.set_name(name);
    return proto;
}

ModelBuilder& ModelBuilder::set(const std::string& name, std::int64_t value) {
    auto& proto = attribute(name);
    proto.set_type(onnx_format::AttributeProto::INT);
    proto.set_i(value);
    return *this;
}

ModelBuilder& ModelBuilder::set(const std::string& name, double value) {
    auto& proto = attribute(name);
    proto.set_type(onnx_format::AttributeProto::FLOAT);
    proto.set_f(static_cast<float>(value));
    return *this;
}

ModelBuilder& ModelBuilder::set(const std::string& name, const std::string& value) {
    auto& proto = attribute(name);
    proto.set_type(onnx_format::AttributeProto::STRING);
    proto.set_s(value);
    return *this;
}

ModelBuilder& ModelBuilder::set(const std::string& name, const std::vector<std::int64_t>& values) {
    auto& proto = attribute(name);
    proto.set_type(onnx_format::AttributeProto::INTS);
    for (const auto value : values)
        proto.add_ints(value);
    return *this;
}

void ModelBuilder::output(const std::string& value) {
    auto& info = *model_.mutable_graph()->add_output();
    info.set_name(value);
    info.mutable_type()->mutable_tensor_type()->set_elem_type(1);
}

QString importFault(const ModelBuilder& builder, const std::map<std::string, int>& layers,
                    std::int64_t batch, bool nodes) {
    OnnxImport import;
    try {
        import = importOnnxFreeing(
            builder.read(), [&] { return builder.read();
    }, {.nodes = nodes});
}
catch (const Error& error) {
    return error.what();
}
if (const auto have = layersOf(import.network); have != layers) {
    QString list = "the layers are";
    for (const auto& [key, count] : have)
        list += QString(" %1 %2").arg(count).arg(text(key));
    return list;
}
std::map<std::string, Tensor> inputs;
std::map<std::string, OnnxArray> arrays;
std::uint64_t seed = 7;
for (const auto& info : builder.proto().graph().input()) {
    std::vector<std::int64_t> shape;
    for (const auto& dim : info.type().tensor_type().shape().dim())
        shape.push_back(shape.empty() ? batch : dim.dim_value());
    auto values = randomTensor(DType::F32, Shape(shape), seed++);
    if (info.type().tensor_type().elem_type() != 1)
        for (std::size_t i = 0; i < values.span<float>().size(); ++i)
            values.span<float>()[i] = static_cast<float>(i % 5);
    OnnxArray array(shape);
    std::ranges::copy(values.span<float>(), array.data.begin());
    arrays[info.name()] = std::move(array);
    inputs[info.name()] = std::move(values);
}
const auto answers = answersOf(import, inputs, batch);
std::map<std::string, OnnxArray> expected;
try {
    expected = evaluateOnnx(builder.proto(), arrays);
} catch (const std::exception& error) {
    return text(std::string("the evaluator: ") + error.what());
}
for (const auto& [name, have] : answers) {
    const auto& want = expected.at(name);
    if (have.shape().dims() != want.shape)
        return text(name + " has the shape " + toString(have.shape()));
    double largest = 1;
    for (const double value : want.data)
        largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < want.data.size(); ++i)
        if (!(std::abs(have.span<double>()[i] - want.data[i]) <= 1e-5 * largest))
            return QString("%1, element %2: %3 and not %4")
                .arg(text(name))
                .arg(i)
                .arg(have.span<double>()[i], 0, 'g', 9)
                .arg(want.data[i], 0, 'g', 9);
}
return {};
} // namespace gradwright::test

} // namespace gradwright::test
