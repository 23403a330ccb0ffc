// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/product.h"
#include "engine/backend/cuda/launches.h"
#include "engine/backend/cuda/lower.h"

namespace gradwright::cuda {
namespace {

struct DenseSizes {
    std::int64_t rows, features, units;
};
DenseSizes sizesOf(const Lowering& lowering, const DenseOp& op) {
    const auto in = lowering.inputShape();
    const auto features = in[in.rank() - 1];
    return {features > 0 ? in.elements() / features : 0, features, op.units};
}

/// Axes before the last two, with the strides of a factor that is repeated along those that it does
/// not have or that have length 1.
Strided stackOf(const Shape& out, const Shape& factor) {
    Strided stack;
    stack.rank = static_cast<int>(out.rank()) - 2;
    if (stack.rank > kMostAxes)
        throw Error("a GPU's kernels take stacks of matrices along up to {} axes, not {}",
                    kMostAxes, stack.rank);
    std::int64_t stride = factor[factor.rank() - 1] * factor[factor.rank() - 2];
    for (auto axis = stack.rank - 1; axis >= 0; --axis) {
        const auto at = static_cast<std::size_t>(axis);
        stack.length[axis] = count32(out[at]);
        const auto missing = out.rank() - factor.rank();
        if (at < missing || factor[at - missing] == 1)
            continue;
        stack.stride[axis] = stride;
        stride *= factor[at - missing];
    }
    return stack;
}

template <class Op>
ConvShape shapeOf(const Op& op, const Shape& in, const Shape& out, std::int64_t batch) {
    ConvShape shape;
    shape.batch = count32(batch);
    shape.groups = count32(op.groups);
    shape.inChannels = count32(in[1] / op.groups);
    shape.outChannels = count32(out[1] / op.groups);
    // The axes that there are come last.
    const auto axes = in.rank() - 2;
    for (std::size_t axis = 0; axis < axes; ++axis) {
        const auto at = 3 - axes + axis;
        shape.in[at] = count32(in[axis + 2]);
        shape.out[at] = count32(out[axis + 2]);
        shape.kernel[at] = count32(op.kernel[axis]);
        shape.stride[at] = count32(op.stride[axis]);
        shape.dilation[at] = count32(op.dilation[axis]);
        shape.padding[at] = static_cast<std::int32_t>(op.padding.before(axis));
    }
    return shape;
}

std::int64_t productOf(const std::uint32_t (&lengths)[3]) {
    return static_cast<std::int64_t>(lengths[0]) * lengths[1] * lengths[2];
}

// Convolutions round their operands in every precision but FP32.

void convolve(Lowering& lowering, const float* in, const float* kernel, const float* bias,
              float* out, const ConvShape& shape) {
    const auto rows = shape.batch * productOf(shape.out);
    countTiles(lowering.launch(
                   productKernels(lowering.precision()).convolve,
                   {{tilesOf(rows), tilesOf(shape.outChannels), shape.groups}, {kBlockThreads}}, in,
                   kernel, bias, out, shape),
               rows, shape.outChannels, shape.inChannels * productOf(shape.kernel), shape.groups,
               lowering.precision());
}

void convolveBack(Lowering& lowering, const float* out, const float* kernel, const float* bias,
                  float* in, const ConvShape& shape) {
    const auto rows = shape.batch * productOf(shape.in);
    countTiles(
        lowering.launch(productKernels(lowering.precision()).convolveBack,
                        {{tilesOf(rows), tilesOf(shape.inChannels), shape.groups}, {kBlockThreads}},
                        out, kernel, bias, in, shape),
        rows, shape.inChannels, shape.outChannels * productOf(shape.kernel), shape.groups,
        lowering.precision());
}

void kernelGradient(Lowering& lowering, const float* in, const float* out, float* kernel,
                    ConvShape shape) {
    const auto columns = shape.inChannels * productOf(shape.kernel);
    const auto depth = shape.batch * productOf(shape.out);
    shape.parts = partsFor(shape.outChannels, columns, shape.groups, depth);
    const auto size = static_cast<std::size_t>(shape.groups * shape.outChannels * columns);
    auto* to = shape.parts > 1 ? lowering.scratch<float>(size * shape.parts) : kernel;
    countTiles(
        lowering.launch(productKernels(lowering.precision()).kernelGradient,
                        {{tilesOf(shape.outChannels), tilesOf(columns), shape.groups * shape.parts},
                         {kBlockThreads}},
                        in, out, to, shape),
        shape.outChannels, columns, depth, shape.groups, lowering.precision());
    if (shape.parts > 1)
        lowering.launch(kernel::addParts, Lowering::forElements(size), to, kernel,
                        static_cast<std::uint64_t>(size), shape.parts);
}

void biasGradient(Lowering& lowering, const float* gradient, float* bias, const Shape& shape) {
    const auto channels = shape[1];
    lowering.launch(kernel::addChannels, {{count32(channels)}, {kBlockThreads}}, gradient, bias,
                    static_cast<std::uint64_t>(shape[0]), static_cast<std::uint64_t>(channels),
                    static_cast<std::uint64_t>(shape.elements() / (shape[0] * channels)));
}

} // namespace

void lower(Lowering& lowering, const DenseOp& op) {
    const auto [rows, features, units] = sizesOf(lowering, op);
    ProductShape shape;
    shape.rows = count32(rows);
    shape.columns = count32(units);
    shape.depth = count32(features);
    shape.aRow = features;
    shape.aDepth = 1;
    shape.bColumn = features;
    shape.bDepth = 1;
    shape.cRow = units;
    shape.cColumn = 1;
    multiply(lowering, ProductOf::Layer, lowering.input(), lowering.weight(),
             op.bias ? lowering.weight(1) : nullptr, lowering.output(), shape);
}

void lowerGradient(GradientLowering& lowering, const DenseOp& op) {
    const auto [rows, features, units] = sizesOf(lowering, op);
    const auto* gradient = lowering.outputGradient();
    if (auto* input = lowering.inputGradient()) {
        ProductShape shape;
        shape.rows = count32(rows);
        shape.columns = count32(features);
        shape.depth = count32(units);
        shape.aRow = units;
        shape.aDepth = 1;
        shape.bDepth = features;
        shape.bColumn = 1;
        shape.cRow = features;
        shape.cColumn = 1;
        multiply(lowering, ProductOf::Layer, gradient, lowering.weight(), nullptr, input, shape);
    }
    if (auto* kernel = lowering.weightGradient()) {
        ProductShape shape;
        shape.rows = count32(units);
        shape.columns = count32(features);
        shape.depth = count32(rows);
        shape.aRow = 1;
        shape.aDepth = units;
        shape.bDepth = features;
        shape.bColumn = 1;
        shape.cRow = features;
        shape.cColumn = 1;
        multiply(lowering, ProductOf::Layer, gradient, lowering.input(), nullptr, kernel, shape);
    }
    if (auto* bias = op.bias ? lowering.weightGradient(1) : nullptr)
        lowering.launch(kernel::addRows, {{count32(units)}, {kBlockThreads}}, gradient, bias,
                        static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(units));
}

void lower(Lowering& lowering, const MatMulOp& op) {
    const auto a = lowering.inputShape(0);
    const auto b = lowering.inputShape(1);
    const auto out = lowering.outputShape();
    const auto rows = out[out.rank() - 2];
    const auto columns = out[out.rank() - 1];
    const auto depth = a[a.rank() - (op.transposeA ? 2 : 1)];
    ProductShape shape;
    shape.rows = count32(rows);
    shape.columns = count32(columns);
    shape.depth = count32(depth);
    shape.aRow = op.transposeA ? 1 : depth;
    shape.aDepth = op.transposeA ? rows : 1;
    shape.bDepth = op.transposeB ? 1 : columns;
    shape.bColumn = op.transposeB ? depth : 1;
    shape.cRow = columns;
    shape.cColumn = 1;
    shape.aStack = stackOf(out, a);
    shape.bStack = stackOf(out, b);
    shape.cStack = rows * columns;
    multiply(lowering, ProductOf::Other, lowering.input(0), lowering.input(1), nullptr,
             lowering.output(), shape);
}

void lower(Lowering& lowering, const ConvOp& op) {
    convolve(lowering, lowering.input(), lowering.weight(), op.bias ? lowering.weight(1) : nullptr,
             lowering.output(),
             shapeOf(op, lowering.inputShape(), lowering.outputShape(), lowering.batch()));
}

void lowerGradient(GradientLowering& lowering, const ConvOp& op) {
    const auto shape = shapeOf(op, lowering.inputShape(), lowering.outputShape(), lowering.batch());
    if (auto* input = lowering.inputGradient())
        convolveBack(lowering, lowering.outputGradient(), lowering.weight(), nullptr, input, shape);
    if (auto* kernel = lowering.weightGradient())
        kernelGradient(lowering, lowering.input(), lowering.outputGradient(), kernel, shape);
    if (auto* bias = op.bias ? lowering.weightGradient(1) : nullptr)
        biasGradient(lowering, lowering.outputGradient(), bias, lowering.outputShape());
}

// The adjoint of a convolution: what is its output is the convolution's input.

void lower(Lowering& lowering, const ConvTransposeOp& op) {
    convolveBack(lowering, lowering.input(), lowering.weight(),
                 op.bias ? lowering.weight(1) : nullptr, lowering.output(),
                 shapeOf(op, lowering.outputShape(), lowering.inputShape(), lowering.batch()));
}

void lowerGradient(GradientLowering& lowering, const ConvTransposeOp& op) {
    const auto shape = shapeOf(op, lowering.outputShape(), lowering.inputShape(), lowering.batch());
    if (auto* input = lowering.inputGradient())
        convolve(lowering, lowering.outputGradient(), lowering.weight(), nullptr, input, shape);
    if (auto* kernel = lowering.weightGradient())
        kernelGradient(lowering, lowering.outputGradient(), lowering.input(), kernel, shape);
    if (auto* bias = op.bias ? lowering.weightGradient(1) : nullptr)
        biasGradient(lowering, lowering.outputGradient(), bias, lowering.outputShape());
}

} // namespace gradwright::cuda
