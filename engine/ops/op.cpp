// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/op.h"

#include "engine/support/error.h"

#include <algorithm>
#include <initializer_list>

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

void requireImage(std::string_view op, Inputs inputs) {
    requireInputs(1, op, inputs);
    requireReal(op, inputs);
    require(inputs[0].shape.rank() == 3, op, "takes an image of channels × rows × columns", inputs);
}

Shape windowShape(std::string_view op, Inputs inputs, std::int64_t channels, Extent2d kernel,
                  Extent2d stride, const Padding2d& padding, Extent2d dilation) {
    const auto& in = inputs[0].shape;
    requirePositive({kernel[0], kernel[1], stride[0], stride[1], dilation[0], dilation[1]}, op,
                    "kernel, stride and dilation are 1 or more", inputs);
    require(std::min({padding.top, padding.bottom, padding.left, padding.right}) >= 0, op,
            "padding is 0 or more", inputs);
    const auto rows =
        windowOutput(in[1], kernel[0], stride[0], padding.top + padding.bottom, dilation[0]);
    const auto columns =
        windowOutput(in[2], kernel[1], stride[1], padding.left + padding.right, dilation[1]);
    require(rows >= 1 && columns >= 1, op,
            fmt::format("the kernel {}×{} must fit the padded input", kernel[0], kernel[1]),
            inputs);
    return {channels, rows, columns};
}

struct TypeOf {
    Inputs inputs;

    ValueType operator()(const Conv2dOp& op) const {
        requireImage("conv2d", inputs);
        requirePositive({op.outChannels}, "conv2d", "makes 1 channel or more", inputs);
        const auto channels = inputs[0].shape[0];
        require(op.groups >= 1 && channels % op.groups == 0 && op.outChannels % op.groups == 0,
                "conv2d", fmt::format("{} groups must divide both channel counts", op.groups),
                inputs);
        return {windowShape("conv2d", inputs, op.outChannels, op.kernel, op.stride, op.padding,
                            op.dilation)};
    }
    ValueType operator()(const DenseOp& op) const {
        requireInputs(1, "dense", inputs);
        requireReal("dense", inputs);
        require(inputs[0].shape.rank() == 1, "dense", "takes a vector", inputs);
        requirePositive({op.units}, "dense", "has 1 unit or more", inputs);
        return {Shape{op.units}};
    }
    ValueType operator()(const Pool2dOp& op) const {
        requireImage("pool2d", inputs);
        // Else a window could lie in the padding alone, where there is no mean and no maximum.
        require(std::max(op.padding.top, op.padding.bottom) < op.kernel[0] &&
                    std::max(op.padding.left, op.padding.right) < op.kernel[1],
                "pool2d",
                fmt::format("the padding must be smaller than the kernel {}×{}", op.kernel[0],
                            op.kernel[1]),
                inputs);
        return {windowShape("pool2d", inputs, inputs[0].shape[0], op.kernel, op.stride, op.padding,
                            {1, 1})};
    }
    ValueType operator()(const GlobalAveragePoolOp&) const {
        requireImage("global-average-pool", inputs);
        return {Shape{inputs[0].shape[0]}};
    }
    ValueType operator()(const BatchNormOp&) const { return sameAsInput("batch-norm"); }
    ValueType operator()(const ActivationOp&) const { return sameAsInput("activation"); }
    ValueType operator()(const SoftmaxOp&) const { return sameAsInput("softmax"); }
    ValueType operator()(const DropoutOp&) const { return sameAsInput("dropout"); }
    ValueType operator()(const ReshapeOp& op) const {
        requireInputs(1, "reshape", inputs);
        requireReal("reshape", inputs);
        require(op.shape.elements() == inputs[0].shape.elements(), "reshape",
                fmt::format("{} needs as many elements as the input", toString(op.shape)), inputs);
        return {op.shape};
    }
    ValueType operator()(const AddOp&) const {
        require(inputs.size() >= 2, "add", "takes two or more inputs", inputs);
        requireReal("add", inputs);
        for (const auto& input : inputs)
            require(input.shape == inputs[0].shape, "add", "takes inputs of one shape", inputs);
        return inputs[0];
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
        require(inputs[0].element == ElementType::ClassIndex, "one-hot", "takes class indices",
                inputs);
        return {Shape{op.classes}};
    }
    ValueType operator()(const SoftmaxCrossEntropyOp&) const {
        requireInputs(2, "softmax-cross-entropy", inputs);
        require(inputs[0].element == ElementType::Real && inputs[0].shape.rank() == 1 &&
                    inputs[1].element == ElementType::ClassIndex,
                "softmax-cross-entropy", "takes a vector of logits and a class index", inputs);
        return {Shape{1}};
    }
    ValueType operator()(const MeanSquaredErrorOp&) const {
        requireInputs(2, "mean-squared-error", inputs);
        requireReal("mean-squared-error", inputs);
        require(inputs[0].shape == inputs[1].shape, "mean-squared-error",
                "takes a prediction and a target of one shape", inputs);
        return {Shape{1}};
    }

private:
    [[nodiscard]] ValueType sameAsInput(std::string_view op) const {
        requireInputs(1, op, inputs);
        requireReal(op, inputs);
        require(inputs[0].shape.rank() >= 1, op, "takes a vector or an image", inputs);
        return inputs[0];
    }
};

} // namespace

std::string_view nameOf(const OpAttributes& attributes) {
    return std::visit(Overloaded{
                          [](const Conv2dOp&) { return "conv2d"; },
                          [](const DenseOp&) { return "dense"; },
                          [](const Pool2dOp& op) {
                              return op.kind == PoolKind::Max ? "max-pool2d" : "average-pool2d";
                          },
                          [](const GlobalAveragePoolOp&) { return "global-average-pool"; },
                          [](const BatchNormOp&) { return "batch-norm"; },
                          [](const ActivationOp&) { return "activation"; },
                          [](const SoftmaxOp&) { return "softmax"; },
                          [](const DropoutOp&) { return "dropout"; },
                          [](const ReshapeOp&) { return "reshape"; },
                          [](const AddOp&) { return "add"; },
                          [](const ConcatOp&) { return "concatenate"; },
                          [](const OneHotOp&) { return "one-hot"; },
                          [](const SoftmaxCrossEntropyOp&) { return "softmax-cross-entropy"; },
                          [](const MeanSquaredErrorOp&) { return "mean-squared-error"; },
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
    return std::visit(Overloaded{
                          [&](const Conv2dOp& op) {
                              return product({outputs, inputs[0].shape[0] / op.groups, op.kernel[0],
                                              op.kernel[1]});
                          },
                          [&](const DenseOp&) {
                              return product({outputs, inputs[0].shape[0]});
                          },
                          [&](const BatchNormOp&) { return outputs; },
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
