// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/sample_nets.h"

#include "engine/support/rng.h"
#include "tests/support/numeric.h"

namespace gradwright::test {
namespace {

/// Grows a graph from one current value.
class NetBuilder {
public:
    explicit NetBuilder(const Shape& image)
        : value_(graph_.addInput("image", {image})) {}

    NetBuilder& then(const OpAttributes& op) {
        value_ = add(op, {value_});
        return *this;
    }
    ValueId add(const OpAttributes& op, std::vector<ValueId> inputs) {
        const auto path = fmt::format("{}{}", nameOf(op), graph_.ops().size());
        std::vector<ValueType> types;
        for (const auto input : inputs)
            types.push_back(graph_.type(input));
        std::vector<WeightId> weights;
        const bool isNorm = std::holds_alternative<BatchNormOp>(op);
        for (const auto& shape : weightShapes(op, types)) {
            const auto index = weights.size();
            const auto fanIn = shape.elements() / shape[0];
            const Initializer initializer =
                isNorm && (index == 0 || index == 3) ? Initializer{.key = "constant", .value = 1.0}
                : !isNorm && (index == 0 || shape.rank() > 1) ? Initializer{.key = "he-normal"}
                                                              : Initializer{};
            weights.push_back(graph_.addWeight({fmt::format("{}/{}", path, index),
                                                shape,
                                                initializer,
                                                {fanIn, shape[0]},
                                                !isNorm || index < 2}));
        }
        return graph_.add(op, std::move(inputs), path, std::move(weights));
    }
    /// conv3×3 without bias, norm.
    NetBuilder& convNorm(std::int64_t channels, std::int64_t stride) {
        return then(ConvOp{.outChannels = channels,
                           .kernel = {3, 3},
                           .stride = {stride, stride},
                           .padding = {1, 1, 1, 1},
                           .bias = false})
            .then(BatchNormOp{});
    }
    NetBuilder& residual(std::int64_t channels, std::int64_t stride) {
        const OpAttributes relu = ActivationOp{{ActivationKind::Relu}};
        auto shortcut = value_;
        convNorm(channels, stride).then(relu).convNorm(channels, 1);
        if (stride != 1) {
            const auto body = value_;
            value_ = shortcut;
            then(ConvOp{.outChannels = channels, .stride = {stride, stride}, .bias = false});
            shortcut = then(BatchNormOp{}).value_;
            value_ = body;
        }
        value_ = add(AddOp{}, {value_, shortcut});
        return then(relu);
    }
    /// Squeeze-and-excitation of the channels.
    NetBuilder& excite() {
        const auto image = value_;
        const auto channels = graph_.type(image).sample()[0];
        then(GlobalAveragePoolOp{}).then(DenseOp{channels});
        then(ActivationOp{{ActivationKind::Sigmoid}});
        value_ = add(CombineOp{CombineKind::Multiply}, {image, value_});
        return *this;
    }
    SampleNet classify(std::string name) {
        graph_.addOutput("logits", value_);
        const auto label = graph_.addInput("label", {Shape{1}, DType::I32});
        graph_.addLoss(graph_.add(SoftmaxCrossEntropyOp{}, {value_, label}, "loss"), 1.0);
        return {std::move(name), std::move(graph_)};
    }

private:
    OpGraph graph_;
    ValueId value_;
};

} // namespace

SampleNet multilayerPerceptron(Activation activation) {
    return NetBuilder({1, 28, 28})
        .then(ReshapeOp::ofSample({784}))
        .then(DenseOp{128})
        .then(ActivationOp{activation})
        .then(DenseOp{64})
        .then(ActivationOp{activation})
        .then(DenseOp{10})
        .classify("multilayer perceptron, " + info(activation.kind).key);
}

SampleNet leNet5(Activation activation) {
    const OpAttributes function = ActivationOp{activation};
    return NetBuilder({1, 28, 28})
        .then(ConvOp{.outChannels = 6, .kernel = {5, 5}, .padding = {2, 2, 2, 2}})
        .then(function)
        .then(PoolOp{})
        .then(ConvOp{.outChannels = 16, .kernel = {5, 5}})
        .then(function)
        .then(PoolOp{})
        .then(ReshapeOp::ofSample({400}))
        .then(DenseOp{120})
        .then(function)
        .then(DenseOp{84})
        .then(function)
        .then(DenseOp{10})
        .classify("LeNet-5, " + info(activation.kind).key);
}

SampleNet smallCnn() {
    const OpAttributes relu = ActivationOp{{ActivationKind::Relu}};
    return NetBuilder({1, 28, 28})
        .then(ConvOp{.outChannels = 32, .kernel = {3, 3}})
        .then(relu)
        .then(ConvOp{.outChannels = 64, .kernel = {3, 3}})
        .then(relu)
        .then(PoolOp{})
        .then(DropoutOp{.rate = 0.25, .stream = 0})
        .then(ReshapeOp::ofSample({64 * 12 * 12}))
        .then(DenseOp{128})
        .then(relu)
        .then(DropoutOp{.rate = 0.5, .stream = 1})
        .then(DenseOp{10})
        .classify("small CNN");
}

SampleNet smallResidual() {
    return NetBuilder({1, 28, 28})
        .convNorm(16, 1)
        .then(ActivationOp{{ActivationKind::Relu}})
        .residual(16, 1)
        .residual(32, 2)
        .residual(64, 2)
        .then(GlobalAveragePoolOp{})
        .then(DenseOp{10})
        .classify("small residual");
}

SampleNet smallMobile() {
    const OpAttributes relu6 = ActivationOp{{ActivationKind::Relu6}};
    const ConvOp depthwise{
        .outChannels = 32, .kernel = {3, 3}, .padding = {1, 1, 1, 1}, .groups = 32, .bias = false};
    return NetBuilder({3, 16, 16})
        .convNorm(32, 2)
        .then(relu6)
        .then(depthwise)
        .then(ActivationOp{{ActivationKind::HardSwish}})
        .excite()
        .then(ConvOp{.outChannels = 20, .bias = false})
        .then(NormalizeOp{.groups = 4, .perChannel = true})
        .then(PreluOp{})
        .then(ConvTransposeOp{.outChannels = 12, .kernel = {2, 2}, .stride = {2, 2}})
        .then(LocalResponseNormOp{})
        .then(PoolOp{})
        .then(GlobalAveragePoolOp{})
        .then(DenseOp{10})
        .classify("small mobile");
}

SampleNet smallSequence() {
    return NetBuilder({14, 8})
        .then(PermuteOp::ofSample({1, 0}))
        .then(ConvOp{.outChannels = 16, .kernel = {3}, .padding = {1, 1}})
        .then(ActivationOp{{ActivationKind::Gelu}})
        .then(PoolOp{.kernel = {2}, .stride = {2}})
        .then(PermuteOp::ofSample({1, 0}))
        .then(PositionOp{})
        .then(DenseOp{48})
        .then(AttentionOp{.heads = 2})
        .then(NormalizeOp{.axis = 2})
        .then(RecurrentOp{.cell = CellKind::Lstm, .units = 12})
        .then(RecurrentOp{.cell = CellKind::Gru, .units = 12, .reverse = true})
        .then(ReshapeOp::ofSample(Shape{84}))
        .then(DenseOp{10})
        .classify("small sequence");
}

SampleNet smallVolume() {
    const ConvOp conv{.outChannels = 16, .kernel = {3, 3, 3}, .padding = {1, 1, 1, 1, 1, 1}};
    auto withoutBias = conv;
    withoutBias.bias = false;
    return NetBuilder({1, 6, 8, 8})
        .then(withoutBias)
        .then(BatchNormOp{})
        .then(ActivationOp{{ActivationKind::Relu}})
        .then(PoolOp{.kernel = {2, 2, 2}, .stride = {2, 2, 2}})
        .then(conv)
        .then(ActivationOp{{ActivationKind::Elu, 1.0}})
        .then(GlobalAveragePoolOp{})
        .then(DenseOp{10})
        .classify("small volume");
}

std::vector<SampleNet> sampleNets() {
    std::vector<SampleNet> nets;
    for (const auto& activation : activations()) {
        const auto function = defaultActivation(activation.kind);
        nets.push_back(leNet5(function));
        nets.push_back(multilayerPerceptron(function));
    }
    nets.push_back(smallCnn());
    nets.push_back(smallResidual());
    nets.push_back(smallMobile());
    nets.push_back(smallSequence());
    nets.push_back(smallVolume());
    return nets;
}

std::vector<BatchInput> SampleBatch::bindings(const OpGraph& graph) const {
    return {{graph.input("image"), images.bytes().data()},
            {graph.input("label"), labels.bytes().data()}};
}

SampleBatch randomBatch(const OpGraph& graph, std::int64_t batch, std::uint64_t seed) {
    const auto image = graph.type(graph.input("image")).sample();
    const auto classes = graph.type(graph.output("logits")).sample()[0];
    Tensor labels(DType::I32, {batch, 1});
    std::uint64_t counter = 0;
    for (auto& label : labels.span<std::int32_t>())
        label = static_cast<std::int32_t>(
            Rng(seed, RngStream::Test, 1).below(counter++, static_cast<std::uint64_t>(classes)));
    return {randomTensor(DType::F32, image.withBatch(batch), seed), std::move(labels)};
}

} // namespace gradwright::test
