// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/quantize.h"

#include "engine/ops/checks.h"
#include "engine/ops/convolution.h"
#include "engine/ops/elementwise.h"

#include <algorithm>

namespace gradwright {

using namespace checks;

namespace {

bool isSingleNumber(const Dims& dims) {
    return dims.product() == Dim(1);
}

bool isByte(DType type) {
    return type == DType::U8 || type == DType::I8;
}

/// Input 1 holds the scales of input 0, and input 2, where it is, zero points like them.
void requireScales(std::string_view op, InputTypes inputs, std::int64_t axis, std::int64_t block,
                   DType integers) {
    require(inputs.size() == 2 || inputs.size() == 3, op,
            "takes a value, its scale and perhaps its zero point", inputs);
    require(inputs[1].isReal(), op, "takes a real number as the scale", inputs);
    const auto& scales = inputs[1].dims;
    if (inputs.size() == 3) {
        require(inputs[2].element == integers, op,
                fmt::format("takes a zero point of type {}, as the integers are", nameOf(integers)),
                inputs);
        require(inputs[2].dims == scales, op, "takes as many zero points as scales", inputs);
    }
    require(block >= 0, op, "blocks have 1 element or more", inputs);
    if (block == 0 && isSingleNumber(scales))
        return;
    const auto& dims = inputs[0].dims;
    const auto along = requireAxis(axis, dims.rank(), op, inputs);
    if (block == 0) {
        require(scales.rank() == 1 && scales[0] == dims[along], op,
                fmt::format("takes one scale, or one for each index of axis {}", axis), inputs);
        return;
    }
    auto expected = dims;
    require(dims[along].isNumber(), op, "blocks need an axis whose length is a number", inputs);
    const auto length = dims[along].number();
    expected[along] = length / block + (length % block != 0 ? 1 : 0);
    require(scales == expected, op,
            fmt::format("takes scales {} for blocks of {}", toString(expected), block), inputs);
}

/// The inputs from number 2 on are zero points of the first two where these have one.
void requireZeros(std::string_view op, InputTypes inputs, bool ofFirst, bool ofSecond,
                  const Dim& rows, const Dim& columns) {
    const std::size_t count = 2 + (ofFirst ? 1 : 0) + (ofSecond ? 1 : 0);
    requireInputs(count, op, inputs);
    require(isByte(inputs[0].element) && isByte(inputs[1].element), op,
            fmt::format("takes integers of 8 bits, not {} and {}", nameOf(inputs[0].element),
                        nameOf(inputs[1].element)),
            inputs);
    const auto check = [&](std::size_t place, std::size_t of, const Dim& length) {
        const auto& zero = inputs[place];
        require(zero.element == inputs[of].element, op,
                "takes zero points of the type of what they belong to", inputs);
        require(isSingleNumber(zero.dims) || (zero.dims.rank() == 1 && zero.dims[0] == length), op,
                fmt::format("takes one zero point or {} of them", toString(length)), inputs);
    };
    if (ofFirst)
        check(2, 0, rows);
    if (ofSecond)
        check(count - 1, 1, columns);
}

Dims stackOfMatrices(const Dims& dims) {
    return Dims(std::vector<Dim>(dims.begin(), dims.end() - 2));
}

} // namespace

ScaleLayout::ScaleLayout(const Shape& values, const Shape& scales, std::int64_t axis,
                         std::int64_t blockLength)
    : block(static_cast<std::size_t>(blockLength))
    , isSingle(blockLength == 0 && scales.elements() == 1) {
    if (isSingle) {
        inner = static_cast<std::size_t>(values.elements());
        return;
    }
    const auto rank = static_cast<std::int64_t>(values.rank());
    const auto along = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
    length = static_cast<std::size_t>(values[along]);
    for (auto after = along + 1; after < values.rank(); ++after)
        inner *= static_cast<std::size_t>(values[after]);
    outer = static_cast<std::size_t>(values.elements()) / (length * inner);
}

std::string_view QuantizeOp::name() const {
    return "quantize";
}
Types QuantizeOp::outputs(InputTypes inputs) const {
    require(isByte(to), name(), fmt::format("makes U8 or I8, not {}", nameOf(to)), inputs);
    requireScales(name(), inputs, axis, block, to);
    require(inputs[0].isReal(), name(),
            fmt::format("takes real numbers, not {}", nameOf(inputs[0].element)), inputs);
    return {ValueType::of(inputs[0].dims, to)};
}
std::vector<Shape> QuantizeOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t QuantizeOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void QuantizeOp::gradient(GradientContext& /*context*/) const {
    throw Error("rounding to {} has no gradient", nameOf(to));
}

std::string_view DequantizeOp::name() const {
    return "dequantize";
}
Types DequantizeOp::outputs(InputTypes inputs) const {
    require(!inputs.empty(), name(), "takes a value, its scale and perhaps its zero point", inputs);
    const auto type = inputs[0].element;
    requireScales(name(), inputs, axis, block, type);
    require(isByte(type) || type == DType::I32, name(),
            fmt::format("takes U8, I8 or I32, not {}", nameOf(type)), inputs);
    return {ValueType::of(inputs[0].dims)};
}
std::vector<Shape> DequantizeOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t DequantizeOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void DequantizeOp::gradient(GradientContext& /*context*/) const {
    throw Error("the scale of integers has no gradient");
}

std::string_view MatMulIntegerOp::name() const {
    return "matmul-integer";
}
Types MatMulIntegerOp::outputs(InputTypes inputs) const {
    require(inputs.size() >= 2, name(), "takes two factors", inputs);
    const auto& a = inputs[0].dims;
    const auto& b = inputs[1].dims;
    require(a.rank() >= 2 && b.rank() >= 2, name(), "takes matrices", inputs);
    const auto& rows = a[a.rank() - 2];
    const auto& columns = b[b.rank() - 1];
    require(a[a.rank() - 1] == b[b.rank() - 2], name(),
            "the columns of the first are the rows of the second", inputs);
    requireZeros(name(), inputs, zeroOfA, zeroOfB, rows, columns);
    const Types stacks{ValueType::of(stackOfMatrices(a)), ValueType::of(stackOfMatrices(b))};
    const auto stack = broadcastDims(name(), stacks);
    std::vector<Dim> dims(stack.begin(), stack.end());
    dims.insert(dims.end(), {rows, columns});
    return {ValueType::of(Dims(std::move(dims)), DType::I32)};
}
std::vector<Shape> MatMulIntegerOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t MatMulIntegerOp::macs(InputTypes inputs) const {
    const auto& a = inputs[0].dims;
    return product({outputs(inputs)[0].elementsPerSample(), a[a.rank() - 1].factor()});
}
void MatMulIntegerOp::gradient(GradientContext& /*context*/) const {}

std::string_view ConvIntegerOp::name() const {
    return "conv-integer";
}
Types ConvIntegerOp::outputs(InputTypes inputs) const {
    require(inputs.size() >= 2, name(), "takes a value and a kernel", inputs);
    const auto& x = inputs[0].dims;
    const auto& kernel = inputs[1].dims;
    require(x.rank() >= 3 && x.rank() <= 5 && kernel.rank() == x.rank(), name(),
            "takes a batch of channels × up to three axes, and a kernel with as many axes", inputs);
    const auto numbered = [](const Dims& dims, std::size_t from) {
        return std::all_of(dims.begin() + static_cast<std::ptrdiff_t>(from), dims.end(),
                           [](const Dim& dim) { return dim.isNumber(); });
    };
    require(numbered(x, 1) && numbered(kernel, 0), name(),
            "the lengths behind the batch must be numbers", inputs);
    const auto channels = kernel[0].number();
    require(groups >= 1 && channels % groups == 0 && x[1] == kernel[1] * Dim(groups), name(),
            fmt::format("{} groups must divide both channel counts", groups), inputs);
    requireZeros(name(), inputs, zeroOfX, zeroOfKernel, 1, channels);
    const auto least =
        std::min(*std::ranges::min_element(stride), *std::ranges::min_element(dilation));
    requirePositive({least}, name(), "stride and dilation are 1 or more", inputs);
    require(*std::ranges::min_element(padding) >= 0, name(), "padding is 0 or more", inputs);
    std::vector<Dim> dims{x[0], channels};
    for (std::size_t axis = 0; axis + 2 < x.rank(); ++axis) {
        const auto length = windowOutput(x[axis + 2].number(), kernel[axis + 2].number(),
                                         stride[axis], padding.both(axis), dilation[axis]);
        require(length >= 1, name(), "the kernel must fit the padded input", inputs);
        dims.emplace_back(length);
    }
    return {ValueType::of(Dims(std::move(dims)), DType::I32)};
}
std::vector<Shape> ConvIntegerOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t ConvIntegerOp::macs(InputTypes inputs) const {
    std::int64_t terms = 1;
    for (std::size_t axis = 1; axis < inputs[1].dims.rank(); ++axis)
        terms *= inputs[1].dims[axis].number();
    return product({outputs(inputs)[0].elementsPerSample(), terms});
}
void ConvIntegerOp::gradient(GradientContext& /*context*/) const {}

} // namespace gradwright
