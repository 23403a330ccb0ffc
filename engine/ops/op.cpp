// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/op.h"

#include "engine/support/error.h"

#include <algorithm>
#include <initializer_list>
#include <numeric>

namespace gradwright {
namespace {

using Inputs = std::span<const ValueType>;

void require(bool holds, std::string_view op, std::string_view rule, Inputs inputs) {
    if (holds)
        return;
    std::string received;
    for (const auto& input : inputs)
        received += (received.empty() ? "" : ", ") + toString(input.shape);
    throw Error("{}: {}; received {}", op, rule, received.empty() ? "no input" : received);
}

void requireInputs(std::size_t count, std::string_view op, Inputs inputs) {
    require(inputs.size() == count, op, fmt::format("takes {} input(s)", count), inputs);
}

void requireReal(std::string_view op, Inputs inputs) {
    for (const auto& input : inputs)
        require(input.element == ElementType::Real, op, "takes numbers, not class indices", inputs);
}

void requirePositive(std::initializer_list<std::int64_t> sizes, std::string_view op,
                     std::string_view rule, Inputs inputs) {
    require(std::ranges::all_of(sizes, [](std::int64_t size) { return size >= 1; }), op, rule,
            inputs);
}

std::string pathOf(const Extents& extents, std::size_t axes) {
    return toString(Shape(std::vector<std::int64_t>(
        extents.begin(), extents.begin() + static_cast<std::ptrdiff_t>(axes))));
}

/// How many axes of positions there are.
std::size_t requireChannels(std::string_view op, Inputs inputs) {
    requireInputs(1, op, inputs);
    requireReal(op, inputs);
    const auto rank = inputs[0].shape.rank();
    require(rank >= 2 && rank <= 4, op,
            "takes channels × steps, channels × rows × columns or channels × slices × rows × "
            "columns",
            inputs);
    return rank - 1;
}

void requireWindow(std::string_view op, Inputs inputs, const Extents& kernel, const Extents& stride,
                   const Extents& dilation, const Padding& padding) {
    const auto smallest =
        std::min({*std::ranges::min_element(kernel), *std::ranges::min_element(stride),
                  *std::ranges::min_element(dilation)});
    requirePositive({smallest}, op, "kernel, stride and dilation are 1 or more", inputs);
    require(*std::ranges::min_element(padding) >= 0, op, "padding is 0 or more", inputs);
}

Shape windowShape(std::string_view op, Inputs inputs, std::int64_t channels, const Extents& kernel,
                  const Extents& stride, const Padding& padding, const Extents& dilation) {
    const auto axes = requireChannels(op, inputs);
    const auto& in = inputs[0].shape;
    requireWindow(op, inputs, kernel, stride, dilation, padding);
    std::vector<std::int64_t> dims{channels};
    for (std::size_t axis = 0; axis < axes; ++axis)
        dims.push_back(windowOutput(in[axis + 1], kernel[axis], stride[axis], padding.both(axis),
                                    dilation[axis]));
    require(*std::ranges::min_element(dims) >= 1, op,
            fmt::format("the kernel {} must fit the padded input", pathOf(kernel, axes)), inputs);
    return Shape(std::move(dims));
}

void requireGroups(std::string_view op, Inputs inputs, std::int64_t outChannels,
                   std::int64_t groups) {
    requirePositive({outChannels}, op, "makes 1 channel or more", inputs);
    require(groups >= 1 && inputs[0].shape[0] % groups == 0 && outChannels % groups == 0, op,
            fmt::format("{} groups must divide both channel counts", groups), inputs);
}

struct TypeOf {
    Inputs inputs;

    ValueType operator()(const ConvOp& op) const {
        requireChannels("conv", inputs);
        requireGroups("conv", inputs, op.outChannels, op.groups);
        return {windowShape("conv", inputs, op.outChannels, op.kernel, op.stride, op.padding,
                            op.dilation)};
    }
    ValueType operator()(const ConvTransposeOp& op) const {
        constexpr auto name = "conv-transpose";
        const auto axes = requireChannels(name, inputs);
        requireGroups(name, inputs, op.outChannels, op.groups);
        requireWindow(name, inputs, op.kernel, op.stride, op.dilation, op.padding);
        std::vector<std::int64_t> dims{op.outChannels};
        for (std::size_t axis = 0; axis < axes; ++axis) {
            const auto extra = op.outputPadding.after(axis);
            require(op.outputPadding.before(axis) == 0 && extra >= 0 && extra < op.stride[axis],
                    name, "the output padding must be smaller than the stride", inputs);
            dims.push_back((inputs[0].shape[axis + 1] - 1) * op.stride[axis] -
                           op.padding.both(axis) + (op.kernel[axis] - 1) * op.dilation[axis] + 1 +
                           extra);
        }
        require(*std::ranges::min_element(dims) >= 1, name,
                "the padding must leave something of the output", inputs);
        return {Shape(std::move(dims))};
    }
    ValueType operator()(const DenseOp& op) const {
        requireInputs(1, "dense", inputs);
        requireReal("dense", inputs);
        auto shape = inputs[0].shape;
        require(shape.rank() == 1 || shape.rank() == 2, "dense", "takes a vector or a sequence",
                inputs);
        requirePositive({op.units}, "dense", "has 1 unit or more", inputs);
        shape[shape.rank() - 1] = op.units;
        return {shape};
    }
    ValueType operator()(const PoolOp& op) const {
        const auto axes = requireChannels("pool", inputs);
        // Else a window could lie in the padding alone, where there is no mean and no maximum.
        for (std::size_t axis = 0; axis < axes; ++axis)
            require(std::max(op.padding.before(axis), op.padding.after(axis)) < op.kernel[axis],
                    "pool",
                    fmt::format("the padding must be smaller than the kernel {}",
                                pathOf(op.kernel, axes)),
                    inputs);
        return {
            windowShape("pool", inputs, inputs[0].shape[0], op.kernel, op.stride, op.padding, {})};
    }
    ValueType operator()(const GlobalAveragePoolOp&) const {
        requireChannels("global-average-pool", inputs);
        return {Shape{inputs[0].shape[0]}};
    }
    ValueType operator()(const BatchNormOp&) const { return sameAsInput("batch-norm"); }
    ValueType operator()(const NormalizeOp& op) const {
        const auto type = sameAsInput("normalize");
        const auto& shape = type.shape;
        require(op.axis >= 0 && op.axis < static_cast<std::int64_t>(shape.rank()), "normalize",
                fmt::format("axis {} must exist", op.axis), inputs);
        require(op.groups >= 1 && (op.groups == 1 || op.axis == 0) && shape[0] % op.groups == 0,
                "normalize", fmt::format("{} groups must divide the channels", op.groups), inputs);
        require(op.axis == 0 || !op.perChannel, "normalize",
                "weights a channel need statistics over the channels", inputs);
        require(op.groups == 1 || op.perChannel || (!op.scale && !op.shift), "normalize",
                "groups have weights a channel", inputs);
        return type;
    }
    ValueType operator()(const LocalResponseNormOp& op) const {
        requirePositive({op.size}, "local-response-norm", "spans 1 channel or more", inputs);
        return sameAsInput("local-response-norm");
    }
    ValueType operator()(const ActivationOp&) const { return sameAsInput("activation"); }
    ValueType operator()(const PreluOp&) const { return sameAsInput("prelu"); }
    ValueType operator()(const SoftmaxOp&) const { return sameAsInput("softmax"); }
    ValueType operator()(const DropoutOp&) const { return sameAsInput("dropout"); }
    ValueType operator()(const GaussianNoiseOp&) const { return sameAsInput("gaussian-noise"); }
    ValueType operator()(const ReshapeOp& op) const {
        requireInputs(1, "reshape", inputs);
        requireReal("reshape", inputs);
        require(op.shape.elements() == inputs[0].shape.elements(), "reshape",
                fmt::format("{} needs as many elements as the input", toString(op.shape)), inputs);
        return {op.shape};
    }
    ValueType operator()(const PermuteOp& op) const {
        requireInputs(1, "permute", inputs);
        requireReal("permute", inputs);
        const auto& in = inputs[0].shape;
        auto sorted = op.axes;
        std::ranges::sort(sorted);
        std::vector<std::int64_t> all(in.rank());
        std::iota(all.begin(), all.end(), 0);
        require(sorted == all, "permute", "names every axis once", inputs);
        std::vector<std::int64_t> dims;
        for (const auto axis : op.axes)
            dims.push_back(in[static_cast<std::size_t>(axis)]);
        return {Shape(std::move(dims))};
    }
    ValueType operator()(const AddOp&) const {
        require(inputs.size() >= 2, "add", "takes two or more inputs", inputs);
        requireReal("add", inputs);
        for (const auto& input : inputs)
            require(input.shape == inputs[0].shape, "add", "takes inputs of one shape", inputs);
        return inputs[0];
    }
    ValueType operator()(const ResampleOp& op) const {
        requireInputs(1, "resample", inputs);
        requireReal("resample", inputs);
        auto shape = inputs[0].shape;
        require(op.axes.size() == shape.rank(), "resample", "says what becomes of every axis",
                inputs);
        for (std::size_t axis = 0; axis < shape.rank(); ++axis)
            if (op.axes[axis].kind != AxisMap::Kind::Keep)
                shape[axis] = mappedLength(op.axes[axis], shape[axis]);
        return {shape};
    }
    ValueType operator()(const CombineOp& op) const {
        require(inputs.size() >= 2, "combine", "takes two or more inputs", inputs);
        require(op.kind != CombineKind::Subtract || inputs.size() == 2, "combine",
                "a difference takes two inputs", inputs);
        requireReal("combine", inputs);
        std::vector<Shape> shapes;
        for (const auto& input : inputs)
            shapes.push_back(input.shape);
        return {broadcastShape(shapes)};
    }
    ValueType operator()(const EmbeddingOp& op) const {
        requireInputs(1, "embedding", inputs);
        requireReal("embedding", inputs);
        require(inputs[0].shape.rank() == 1, "embedding", "takes a vector of numbers", inputs);
        requirePositive({op.vocabulary, op.dimensions}, "embedding",
                        "has 1 entry of 1 number or more", inputs);
        return {Shape{inputs[0].shape[0], op.dimensions}};
    }
    ValueType operator()(const PositionOp&) const {
        requireSequence("position");
        return inputs[0];
    }
    ValueType operator()(const RecurrentOp& op) const {
        requireSequence("recurrent");
        requirePositive({op.units}, "recurrent", "has 1 unit or more", inputs);
        return {Shape{inputs[0].shape[0], op.units}};
    }
    ValueType operator()(const AttentionOp& op) const {
        requireSequence("attention");
        const auto features = inputs[0].shape[1];
        require(
            op.heads >= 1 && features % (3 * op.heads) == 0, "attention",
            fmt::format("{} heads must divide the features of queries, keys and values", op.heads),
            inputs);
        return {Shape{inputs[0].shape[0], features / 3}};
    }
    ValueType operator()(const ConcatOp& op) const {
        require(!inputs.empty(), "concatenate", "takes one or more inputs", inputs);
        requireReal("concatenate", inputs);
        auto shape = inputs[0].shape;
        const auto axis = static_cast<std::size_t>(op.axis);
        require(op.axis >= 0 && axis < shape.rank(), "concatenate",
                fmt::format("axis {} must exist", op.axis), inputs);
        for (const auto& input : inputs.subspan(1)) {
            auto expected = input.shape;
            const bool sameRank = expected.rank() == shape.rank();
            if (sameRank)
                expected[axis] = shape[axis];
            require(sameRank && expected == shape, "concatenate",
                    fmt::format("inputs must agree in all but axis {}", op.axis), inputs);
            shape[axis] += input.shape[axis];
        }
        return {shape};
    }
    ValueType operator()(const OneHotOp& op) const {
        requireInputs(1, "one-hot", inputs);
        requirePositive({op.classes}, "one-hot", "has 1 class or more", inputs);
        require(inputs[0].element == ElementType::ClassIndex && inputs[0].shape == Shape{1},
                "one-hot", "takes one class index", inputs);
        return {Shape{op.classes}};
    }
    ValueType operator()(const SoftmaxCrossEntropyOp& op) const {
        requireInputs(2, "softmax-cross-entropy", inputs);
        const auto& logits = inputs[0].shape;
        const bool sequence = logits.rank() == 2;
        const auto steps = sequence ? logits[0] : 1;
        require(inputs[0].element == ElementType::Real && (logits.rank() == 1 || sequence) &&
                    (inputs[1].element == ElementType::ClassIndex ? inputs[1].shape == Shape{steps}
                                                                  : inputs[1].shape == logits),
                "softmax-cross-entropy",
                "takes a vector of logits and a class index or as many probabilities, or a "
                "sequence of both",
                inputs);
        const auto weights = static_cast<std::int64_t>(op.classWeights.size());
        require(weights == 0 || weights == logits.dims().back(), "softmax-cross-entropy",
                fmt::format("has {} class weights and needs one a class", weights), inputs);
        return {Shape{1}};
    }
    ValueType operator()(const MeanSquaredErrorOp&) const {
        return comparison("mean-squared-error");
    }
    ValueType operator()(const ElementLossOp&) const { return comparison("loss"); }
    ValueType operator()(const CosineLossOp&) const { return comparison("cosine loss"); }
    ValueType operator()(const HingeLossOp&) const {
        requireInputs(2, "hinge", inputs);
        require(inputs[0].element == ElementType::Real && inputs[0].shape.rank() == 1 &&
                    inputs[1].element == ElementType::ClassIndex && inputs[1].shape == Shape{1},
                "hinge", "takes a vector of scores and a class index", inputs);
        return {Shape{1}};
    }

private:
    [[nodiscard]] ValueType comparison(std::string_view op) const {
        requireInputs(2, op, inputs);
        requireReal(op, inputs);
        require(inputs[0].shape == inputs[1].shape, op,
                "takes a prediction and a target of one shape", inputs);
        return {Shape{1}};
    }
    void requireSequence(std::string_view op) const {
        requireInputs(1, op, inputs);
        requireReal(op, inputs);
        require(inputs[0].shape.rank() == 2, op, "takes a sequence of steps × features", inputs);
    }
    [[nodiscard]] std::int64_t mappedLength(const AxisMap& map, std::int64_t in) const {
        requirePositive({map.size, map.step}, "resample", "sizes and steps are 1 or more", inputs);
        if (map.kind != AxisMap::Kind::Shift || map.border == Border::Zero)
            return map.size;
        const auto last = map.first + (map.size - 1) * map.step;
        const auto reach = map.border == Border::Reflect ? in - 1 : last + in;
        require(-map.first <= reach && last - (in - 1) <= reach, "resample",
                "a reflection must be smaller than what it mirrors", inputs);
        return map.size;
    }
    [[nodiscard]] ValueType sameAsInput(std::string_view op) const {
        requireInputs(1, op, inputs);
        requireReal(op, inputs);
        require(inputs[0].shape.rank() >= 1, op, "takes a vector or an image", inputs);
        return inputs[0];
    }
};

} // namespace

std::string_view nameOf(const OpAttributes& attributes) {
    return std::visit(
        Overloaded{
            [](const ConvOp&) { return "conv"; },
            [](const ConvTransposeOp&) { return "conv-transpose"; },
            [](const DenseOp&) { return "dense"; },
            [](const PoolOp& op) { return op.kind == PoolKind::Max ? "max-pool" : "average-pool"; },
            [](const GlobalAveragePoolOp&) { return "global-average-pool"; },
            [](const BatchNormOp&) { return "batch-norm"; },
            [](const NormalizeOp&) { return "normalize"; },
            [](const LocalResponseNormOp&) { return "local-response-norm"; },
            [](const ActivationOp&) { return "activation"; },
            [](const PreluOp&) { return "prelu"; },
            [](const SoftmaxOp& op) { return op.logarithm ? "log-softmax" : "softmax"; },
            [](const DropoutOp&) { return "dropout"; },
            [](const GaussianNoiseOp&) { return "gaussian-noise"; },
            [](const ReshapeOp&) { return "reshape"; },
            [](const PermuteOp&) { return "permute"; },
            [](const ResampleOp&) { return "resample"; },
            [](const AddOp&) { return "add"; },
            [](const CombineOp& op) {
                constexpr std::array names = {"subtract", "multiply", "average", "maximum",
                                              "minimum"};
                return names[static_cast<std::size_t>(op.kind)];
            },
            [](const ConcatOp&) { return "concatenate"; },
            [](const EmbeddingOp&) { return "embedding"; },
            [](const PositionOp&) { return "position"; },
            [](const RecurrentOp& op) {
                constexpr std::array names = {"rnn", "lstm", "gru"};
                return names[static_cast<std::size_t>(op.cell)];
            },
            [](const AttentionOp&) { return "attention"; },
            [](const OneHotOp&) { return "one-hot"; },
            [](const SoftmaxCrossEntropyOp&) { return "softmax-cross-entropy"; },
            [](const MeanSquaredErrorOp&) { return "mean-squared-error"; },
            [](const ElementLossOp& op) {
                constexpr std::array names = {"absolute-error", "huber", "binary-cross-entropy",
                                              "kullback-leibler", "perceptron-criterion"};
                return names[static_cast<std::size_t>(op.kind)];
            },
            [](const HingeLossOp&) { return "hinge"; },
            [](const CosineLossOp&) { return "cosine"; },
        },
        attributes);
}

ValueType inferType(const OpAttributes& attributes, std::span<const ValueType> inputs) {
    return std::visit(TypeOf{inputs}, attributes);
}

std::int64_t macsOf(const OpAttributes& attributes, std::span<const ValueType> inputs) {
    const auto outputs = inferType(attributes, inputs).shape.elements();
    // A product of dimensions: Shape refuses one that overflows.
    const auto product = [](std::initializer_list<std::int64_t> factors) {
        return Shape(factors).elements();
    };
    return std::visit(
        Overloaded{
            [&](const ConvOp& op) {
                return product({outputs, inputs[0].shape[0] / op.groups, op.kernel.product()});
            },
            [&](const ConvTransposeOp& op) {
                return product(
                    {inputs[0].shape.elements(), op.outChannels / op.groups, op.kernel.product()});
            },
            [&](const DenseOp&) {
                const auto& in = inputs[0].shape;
                return product({outputs, in[in.rank() - 1]});
            },
            [&](const RecurrentOp& op) {
                return product({outputs, gatesOf(op.cell), inputs[0].shape[1] + op.units});
            },
            [&](const AttentionOp&) {
                return product({outputs, 2, inputs[0].shape[0]});
            },
            [&](const BatchNormOp&) { return outputs; },
            [&](const NormalizeOp&) { return outputs; },
            [&](const LocalResponseNormOp& op) {
                return product({outputs, op.size});
            },
            [](const auto&) { return std::int64_t{0}; },
        },
        attributes);
}

std::int64_t windowOutput(std::int64_t in, std::int64_t kernel, std::int64_t stride,
                          std::int64_t padding, std::int64_t dilation) {
    const auto free = in + padding - ((kernel - 1) * dilation + 1);
    return free < 0 ? 0 : free / stride + 1;
}

} // namespace gradwright
