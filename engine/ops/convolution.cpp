// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/convolution.h"

#include "engine/ops/gradient.h"
#include "engine/ops/windows.h"

#include <algorithm>

namespace gradwright {

using namespace checks;

namespace {

std::string pathOf(const Extents& extents, std::size_t axes) {
    return toString(Shape(std::vector<std::int64_t>(
        extents.begin(), extents.begin() + static_cast<std::ptrdiff_t>(axes))));
}

void requireGroups(std::string_view op, InputTypes inputs, std::int64_t channels,
                   std::int64_t outChannels, std::int64_t groups) {
    requirePositive({outChannels}, op, "makes 1 channel or more", inputs);
    require(groups >= 1 && channels % groups == 0 && outChannels % groups == 0, op,
            fmt::format("{} groups must divide both channel counts", groups), inputs);
}

/// [rows, columns, …kernel] and, when it is not 0, [bias].
std::vector<Shape> kernelAndBias(std::int64_t rows, std::int64_t columns, const Extents& kernel,
                                 std::size_t axes, std::int64_t bias) {
    std::vector<std::int64_t> dims{rows, columns};
    dims.insert(dims.end(), kernel.begin(), kernel.begin() + axes);
    std::vector<Shape> shapes{Shape(std::move(dims))};
    if (bias > 0)
        shapes.push_back({bias});
    return shapes;
}

} // namespace

Shape checks::requireChannels(std::string_view op, InputTypes inputs) {
    auto sample = requireSample(op, inputs);
    require(sample.rank() >= 2 && sample.rank() <= 4, op,
            "takes channels × steps, channels × rows × columns or channels × slices × rows × "
            "columns",
            inputs);
    return sample;
}

void checks::requireWindow(std::string_view op, InputTypes inputs, const Extents& kernel,
                           const Extents& stride, const Extents& dilation, const Padding& padding) {
    const auto smallest =
        std::min({*std::ranges::min_element(kernel), *std::ranges::min_element(stride),
                  *std::ranges::min_element(dilation)});
    requirePositive({smallest}, op, "kernel, stride and dilation are 1 or more", inputs);
    require(*std::ranges::min_element(padding) >= 0, op, "padding is 0 or more", inputs);
}

Shape checks::windowShape(std::string_view op, InputTypes inputs, std::int64_t channels,
                          const Extents& kernel, const Extents& stride, const Padding& padding,
                          const Extents& dilation) {
    const auto in = requireChannels(op, inputs);
    const auto axes = in.rank() - 1;
    requireWindow(op, inputs, kernel, stride, dilation, padding);
    std::vector<std::int64_t> dims{channels};
    for (std::size_t axis = 0; axis < axes; ++axis)
        dims.push_back(windowOutput(in[axis + 1], kernel[axis], stride[axis], padding.both(axis),
                                    dilation[axis]));
    require(*std::ranges::min_element(dims) >= 1, op,
            fmt::format("the kernel {} must fit the padded input", pathOf(kernel, axes)), inputs);
    return Shape(std::move(dims));
}

std::int64_t windowOutput(std::int64_t in, std::int64_t kernel, std::int64_t stride,
                          std::int64_t padding, std::int64_t dilation) {
    const auto free = in + padding - ((kernel - 1) * dilation + 1);
    return free < 0 ? 0 : free / stride + 1;
}

std::string_view ConvOp::name() const {
    return "conv";
}

Types ConvOp::outputs(InputTypes inputs) const {
    const auto in = requireChannels(name(), inputs);
    requireGroups(name(), inputs, in[0], outChannels, groups);
    return {windowShape(name(), inputs, outChannels, kernel, stride, padding, dilation)};
}

std::vector<Shape> ConvOp::weights(InputTypes inputs) const {
    const auto in = inputs[0].sample();
    return kernelAndBias(outChannels, in[0] / groups, kernel, in.rank() - 1,
                         bias ? outChannels : 0);
}

std::int64_t ConvOp::macs(InputTypes inputs) const {
    return product(
        {outputs(inputs)[0].sample().elements(), inputs[0].sample()[0] / groups, kernel.product()});
}

std::string_view ConvTransposeOp::name() const {
    return "conv-transpose";
}

Types ConvTransposeOp::outputs(InputTypes inputs) const {
    const auto in = requireChannels(name(), inputs);
    requireGroups(name(), inputs, in[0], outChannels, groups);
    requireWindow(name(), inputs, kernel, stride, dilation, padding);
    std::vector<std::int64_t> dims{outChannels};
    for (std::size_t axis = 0; axis < in.rank() - 1; ++axis) {
        const auto extra = outputPadding.after(axis);
        require(outputPadding.before(axis) == 0 && extra >= 0 && extra < stride[axis], name(),
                "the output padding must be smaller than the stride", inputs);
        dims.push_back((in[axis + 1] - 1) * stride[axis] - padding.both(axis) +
                       (kernel[axis] - 1) * dilation[axis] + 1 + extra);
    }
    require(*std::ranges::min_element(dims) >= 1, name(),
            "the padding must leave something of the output", inputs);
    return {Shape(std::move(dims))};
}

std::vector<Shape> ConvTransposeOp::weights(InputTypes inputs) const {
    const auto in = inputs[0].sample();
    return kernelAndBias(in[0], outChannels / groups, kernel, in.rank() - 1,
                         bias ? outChannels : 0);
}

std::int64_t ConvTransposeOp::macs(InputTypes inputs) const {
    return product({inputs[0].sample().elements(), outChannels / groups, kernel.product()});
}

void ConvOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true});
}

void ConvTransposeOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true});
}

} // namespace gradwright
