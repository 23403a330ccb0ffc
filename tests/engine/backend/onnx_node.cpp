// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/onnx_node.h"

#include "engine/support/error.h"

#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <numeric>

namespace gradwright::test {
namespace {

/// Leaves a test out with a reason.
struct NotApplicable {
    std::string reason;
};

void requireThat(bool holds, std::string reason) {
    if (!holds)
        throw NotApplicable{std::move(reason)};
}

template <class Message>
Message parse(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    Message message;
    if (!stream || !message.ParseFromIstream(&stream))
        throw Error("{} cannot be read", file.string());
    return message;
}

Tensor tensorFrom(const std::filesystem::path& file) {
    const auto proto = parse<onnx::TensorProto>(file);
    requireThat(proto.data_type() == onnx::TensorProto::FLOAT, "its tensors are not F32");
    Tensor tensor(DType::F32,
                  Shape(std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end())));
    if (proto.has_raw_data()) {
        if (proto.raw_data().size() != tensor.bytes().size())
            throw Error("{} has {} bytes, not {}", file.string(), proto.raw_data().size(),
                        tensor.bytes().size());
        std::memcpy(tensor.bytes().data(), proto.raw_data().data(), tensor.bytes().size());
    } else {
        if (proto.float_data_size() != tensor.elements())
            throw Error("{} has {} numbers, not {}", file.string(), proto.float_data_size(),
                        tensor.elements());
        std::copy(proto.float_data().begin(), proto.float_data().end(),
                  tensor.span<float>().begin());
    }
    return tensor;
}

class Attributes {
public:
    explicit Attributes(const onnx::NodeProto& node) {
        for (const auto& attribute : node.attribute())
            byName_[attribute.name()] = attribute;
    }
    [[nodiscard]] std::int64_t integer(const std::string& name, std::int64_t defaultValue) const {
        return has(name) ? byName_.at(name).i() : defaultValue;
    }
    [[nodiscard]] double real(const std::string& name, double defaultValue) const {
        return has(name) ? static_cast<double>(byName_.at(name).f()) : defaultValue;
    }
    [[nodiscard]] std::string text(const std::string& name, std::string defaultValue) const {
        return has(name) ? byName_.at(name).s() : std::move(defaultValue);
    }
    [[nodiscard]] std::vector<std::int64_t> integers(const std::string& name,
                                                     std::vector<std::int64_t> defaultValue) const {
        if (!has(name))
            return defaultValue;
        return {byName_.at(name).ints().begin(), byName_.at(name).ints().end()};
    }
    [[nodiscard]] Extent2d extent(const std::string& name) const {
        const auto values = integers(name, {1, 1});
        requireThat(values.size() == 2, "it is not two-dimensional");
        return {values[0], values[1]};
    }

private:
    [[nodiscard]] bool has(const std::string& name) const { return byName_.count(name) > 0; }
    std::map<std::string, onnx::AttributeProto> byName_;
};

Padding2d paddingOf(const Attributes& attributes, const Shape& image, Extent2d kernel,
                    Extent2d stride, Extent2d dilation) {
    const auto mode = attributes.text("auto_pad", "NOTSET");
    if (mode == "VALID")
        return {};
    if (mode == "NOTSET") {
        const auto pads = attributes.integers("pads", {0, 0, 0, 0});
        requireThat(pads.size() == 4, "it is not two-dimensional");
        return {.top = pads[0], .bottom = pads[2], .left = pads[1], .right = pads[3]};
    }
    std::array<std::int64_t, 2> before{};
    std::array<std::int64_t, 2> after{};
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const auto in = image[axis + 1];
        const auto out = (in + stride[axis] - 1) / stride[axis];
        const auto total = std::max<std::int64_t>(
            0, (out - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - in);
        const auto small = total / 2;
        before[axis] = mode == "SAME_LOWER" ? total - small : small;
        after[axis] = total - before[axis];
    }
    return {.top = before[0], .bottom = after[0], .left = before[1], .right = after[1]};
}

class Builder {
public:
    Builder(const onnx::NodeProto& node, std::vector<Tensor> tensors)
        : node_(node)
        , attributes_(node)
        , tensors_(std::move(tensors)) {}

    OnnxNodeTest build();

private:
    static Shape part(const Shape& shape, std::size_t from, std::size_t to) {
        return Shape(std::vector<std::int64_t>(shape.begin() + static_cast<std::ptrdiff_t>(from),
                                               shape.begin() + static_cast<std::ptrdiff_t>(to)));
    }
    [[nodiscard]] std::size_t axis(std::int64_t defaultValue) const {
        const auto given = attributes_.integer("axis", defaultValue);
        const auto rank = static_cast<std::int64_t>(tensors_[0].shape().rank());
        return static_cast<std::size_t>(given < 0 ? given + rank : given);
    }
    /// Makes tensor `index` an input whose first `batchAxes` dimensions are the batch.
    ValueId input(std::size_t index, std::size_t batchAxes) {
        const auto& shape = tensors_[index].shape();
        test_.batch = part(shape, 0, batchAxes).elements();
        auto rest = part(shape, batchAxes, shape.rank());
        if (rest.rank() == 0)
            rest = {1};
        test_.inputs.push_back(tensors_[index]);
        return test_.graph.addInput(fmt::format("in{}", index), {rest});
    }
    std::vector<ValueId> allInputs() {
        std::vector<ValueId> inputs;
        for (std::size_t i = 0; i < tensors_.size(); ++i)
            inputs.push_back(input(i, 0));
        return inputs;
    }
    ValueId image() {
        requireThat(tensors_[0].shape().rank() == 4, "it is not two-dimensional");
        return input(0, 1);
    }
    std::vector<WeightId> weightsFrom(std::size_t first) {
        std::vector<WeightId> weights;
        for (auto i = first; i < tensors_.size(); ++i) {
            weights.push_back(test_.graph.addWeight(
                {fmt::format("weight{}", i), tensors_[i].shape(), {}, {}, false}));
            test_.weights.push_back(tensors_[i]);
        }
        return weights;
    }
    void finish(OpAttributes op, std::vector<ValueId> inputs, std::vector<WeightId> weights = {}) {
        test_.graph.addOutput("output", test_.graph.add(std::move(op), std::move(inputs),
                                                        node_.op_type(), std::move(weights)));
    }

    void convolution();
    void pool(PoolKind kind);
    void batchNorm();
    void add();
    void combine(CombineKind kind);
    void transpose();
    void transposedConvolution();
    void selu();
    void hardSigmoid();
    void flatten();
    void activation(ActivationKind kind, double alpha = 0.0) {
        finish(ActivationOp{{kind, alpha}}, {input(0, 0)});
    }

    const onnx::NodeProto& node_;
    Attributes attributes_;
    std::vector<Tensor> tensors_;
    OnnxNodeTest test_;

    friend const std::map<std::string, void (*)(Builder&)>& operators();
};

void Builder::convolution() {
    const auto x = image();
    const auto& kernel = tensors_[1].shape();
    ConvOp op{.outChannels = kernel[0],
              .kernel = {kernel[2], kernel[3]},
              .stride = attributes_.extent("strides"),
              .dilation = attributes_.extent("dilations"),
              .groups = attributes_.integer("group", 1),
              .bias = tensors_.size() > 2};
    op.padding = paddingOf(attributes_, test_.graph.type(x).sample(), {kernel[2], kernel[3]},
                           attributes_.extent("strides"), attributes_.extent("dilations"));
    finish(op, {x}, weightsFrom(1));
}

void Builder::pool(PoolKind kind) {
    const auto x = image();
    requireThat(attributes_.integer("ceil_mode", 0) == 0, "it rounds the output size up");
    requireThat(attributes_.extent("dilations") == Extent2d{1, 1}, "its window is dilated");
    requireThat(node_.output_size() == 1, "it also returns the places of the maxima");
    PoolOp op{.kind = kind,
              .kernel = attributes_.extent("kernel_shape"),
              .stride = attributes_.extent("strides"),
              .countPadding = attributes_.integer("count_include_pad", 0) != 0};
    op.padding =
        paddingOf(attributes_, test_.graph.type(x).sample(), attributes_.extent("kernel_shape"),
                  attributes_.extent("strides"), {1, 1});
    finish(op, {x});
}

void Builder::batchNorm() {
    requireThat(attributes_.integer("training_mode", 0) == 0,
                "its running variance is the biased one");
    const auto x = input(0, 1);
    finish(BatchNormOp{.epsilon = attributes_.real("epsilon", 1e-5)}, {x}, weightsFrom(1));
}

void Builder::add() {
    requireThat(tensors_[0].shape() == tensors_[1].shape(), "its inputs differ in shape");
    finish(AddOp{}, allInputs());
}

void Builder::combine(CombineKind kind) {
    requireThat(tensors_.size() >= 2, "it has a single input");
    for (const auto& tensor : tensors_)
        requireThat(tensor.shape() == tensors_[0].shape(),
                    "its inputs differ in shape, which ONNX aligns at the last axis");
    finish(CombineOp{kind}, allInputs());
}

void Builder::transpose() {
    const auto rank = static_cast<std::int64_t>(tensors_[0].shape().rank());
    std::vector<std::int64_t> reversed;
    for (auto axis = rank; axis-- > 0;)
        reversed.push_back(axis);
    finish(PermuteOp::ofSample(attributes_.integers("perm", reversed)), {input(0, 0)});
}

void Builder::transposedConvolution() {
    const auto x = image();
    requireThat(attributes_.text("auto_pad", "NOTSET") == "NOTSET" &&
                    attributes_.integers("output_shape", {}).empty(),
                "its padding follows from the output's size");
    const auto& kernel = tensors_[1].shape();
    const auto pads = attributes_.integers("pads", {0, 0, 0, 0});
    const auto extra = attributes_.integers("output_padding", {0, 0});
    const auto groups = attributes_.integer("group", 1);
    finish(ConvTransposeOp{.outChannels = kernel[1] * groups,
                           .kernel = {kernel[2], kernel[3]},
                           .stride = attributes_.extent("strides"),
                           .dilation = attributes_.extent("dilations"),
                           .padding = {pads[0], pads[2], pads[1], pads[3]},
                           .outputPadding = {0, extra[0], 0, extra[1]},
                           .groups = groups,
                           .bias = tensors_.size() > 2},
           {x}, weightsFrom(1));
}

void Builder::selu() {
    requireThat(std::abs(attributes_.real("alpha", kSeluAlpha) - kSeluAlpha) < 1e-6 &&
                    std::abs(attributes_.real("gamma", kSeluScale) - kSeluScale) < 1e-6,
                "its constants are not those of the paper");
    activation(ActivationKind::Selu);
}

void Builder::hardSigmoid() {
    requireThat(std::abs(attributes_.real("alpha", 0.2) - 1.0 / 6) < 1e-6 &&
                    attributes_.real("beta", 0.5) == 0.5,
                "its slope is not 1/6");
    activation(ActivationKind::HardSigmoid);
}

void Builder::flatten() {
    const auto x = input(0, axis(1));
    finish(ReshapeOp::ofSample(Shape{test_.graph.type(x).sample().elements()}), {x});
}

const std::map<std::string, void (*)(Builder&)>& operators() {
    static const std::map<std::string, void (*)(Builder&)> all = {
        {"Conv", [](Builder& b) { b.convolution(); }},
        {"AveragePool", [](Builder& b) { b.pool(PoolKind::Average); }},
        {"MaxPool", [](Builder& b) { b.pool(PoolKind::Max); }},
        {"GlobalAveragePool", [](Builder& b) { b.finish(GlobalAveragePoolOp{}, {b.image()}); }},
        {"BatchNormalization", [](Builder& b) { b.batchNorm(); }},
        {"Softmax", [](Builder& b) { b.finish(SoftmaxOp{}, {b.input(0, b.axis(-1))}); }},
        {"Concat",
         [](Builder& b) {
             const auto axis = static_cast<std::int64_t>(b.axis(0));
             b.finish(ConcatOp::ofSample(axis), b.allInputs());
         }},
        {"Add", [](Builder& b) { b.add(); }},
        {"Flatten", [](Builder& b) { b.flatten(); }},
        {"Identity", [](Builder& b) { b.activation(ActivationKind::Identity); }},
        {"Relu", [](Builder& b) { b.activation(ActivationKind::Relu); }},
        {"LeakyRelu",
         [](Builder& b) {
             b.activation(ActivationKind::LeakyRelu, b.attributes_.real("alpha", 0.01));
         }},
        {"Sigmoid", [](Builder& b) { b.activation(ActivationKind::Sigmoid); }},
        {"Tanh", [](Builder& b) { b.activation(ActivationKind::Tanh); }},
        {"Elu",
         [](Builder& b) { b.activation(ActivationKind::Elu, b.attributes_.real("alpha", 1)); }},
        {"Celu",
         [](Builder& b) { b.activation(ActivationKind::Celu, b.attributes_.real("alpha", 1)); }},
        {"Selu", [](Builder& b) { b.selu(); }},
        {"HardSigmoid", [](Builder& b) { b.hardSigmoid(); }},
        {"HardSwish", [](Builder& b) { b.activation(ActivationKind::HardSwish); }},
        {"Mish", [](Builder& b) { b.activation(ActivationKind::Mish); }},
        {"Softplus", [](Builder& b) { b.activation(ActivationKind::Softplus); }},
        {"Softsign", [](Builder& b) { b.activation(ActivationKind::Softsign); }},
        {"LogSoftmax", [](Builder& b) { b.finish(SoftmaxOp{true}, {b.input(0, b.axis(-1))}); }},
        {"LRN",
         [](Builder& b) {
             const LocalResponseNormOp op{
                 b.attributes_.integer("size", 1), b.attributes_.real("alpha", 1e-4),
                 b.attributes_.real("beta", 0.75), b.attributes_.real("bias", 1.0)};
             b.finish(op, {b.input(0, 1)});
         }},
        {"InstanceNormalization",
         [](Builder& b) {
             const auto x = b.input(0, 1);
             const NormalizeOp op{.groups = b.test_.graph.type(x).sample()[0],
                                  .perChannel = true,
                                  .epsilon = b.attributes_.real("epsilon", 1e-5)};
             b.finish(op, {x}, b.weightsFrom(1));
         }},
        {"GlobalMaxPool",
         [](Builder& b) {
             const auto x = b.image();
             const auto& shape = b.test_.graph.type(x).sample();
             b.finish(PoolOp{PoolKind::Max, {shape[1], shape[2]}, {}}, {x});
         }},
        {"ConvTranspose", [](Builder& b) { b.transposedConvolution(); }},
        {"Transpose", [](Builder& b) { b.transpose(); }},
        {"Sub", [](Builder& b) { b.combine(CombineKind::Subtract); }},
        {"Mul", [](Builder& b) { b.combine(CombineKind::Multiply); }},
        {"Mean", [](Builder& b) { b.combine(CombineKind::Average); }},
        {"Max", [](Builder& b) { b.combine(CombineKind::Maximum); }},
        {"Min", [](Builder& b) { b.combine(CombineKind::Minimum); }},
    };
    return all;
}

OnnxNodeTest Builder::build() {
    operators().at(node_.op_type())(*this);
    return std::move(test_);
}

} // namespace

std::optional<std::variant<OnnxNodeTest, OnnxSkip>>
loadOnnxNodeTest(const std::filesystem::path& folder) {
    const auto model = parse<onnx::ModelProto>(folder / "model.onnx");
    if (model.graph().node_size() != 1 || !operators().count(model.graph().node(0).op_type()))
        return {};
    const auto data = folder / "test_data_set_0";
    try {
        const auto& declared = model.graph().input();
        for (const auto& input : declared)
            requireThat(input.type().has_tensor_type() &&
                            input.type().tensor_type().elem_type() == onnx::TensorProto::FLOAT,
                        "its inputs are not F32 tensors");
        std::vector<Tensor> tensors;
        for (int i = 0; i < declared.size(); ++i)
            tensors.push_back(tensorFrom(data / fmt::format("input_{}.pb", i)));
        auto test = Builder(model.graph().node(0), std::move(tensors)).build();
        const auto expected = tensorFrom(data / "output_0.pb");
        test.expected = expected.reshaped(Shape{expected.elements()});
        return test;
    } catch (const NotApplicable& skip) {
        return OnnxSkip{skip.reason};
    }
}

} // namespace gradwright::test
