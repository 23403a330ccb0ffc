// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/axes.h"
#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/cuda/kernels/reduce.h"
#include "engine/backend/cuda/lower.h"

#include <algorithm>

namespace gradwright::cuda {
namespace {

/// Reductions of more than that many elements take a block each.
constexpr std::uint64_t kMostForThread = 32;
constexpr std::uint64_t kMostLaneBlocks = 1U << 20U;

Launch forLanes(std::uint64_t lanes) {
    return {{static_cast<unsigned>(std::clamp<std::uint64_t>(lanes, 1, kMostLaneBlocks))},
            {kBlockThreads}};
}

LaneShape lanesOf(const Shape& shape, std::int64_t axis) {
    const auto along =
        static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(shape.rank()) : axis);
    LaneShape lanes;
    for (std::size_t i = 0; i < shape.rank(); ++i)
        (i < along    ? lanes.outer
         : i == along ? lanes.length
                      : lanes.inner) *= static_cast<std::uint64_t>(shape[i]);
    return lanes;
}

ReduceShape shapeOf(const Lowering& lowering, const ReduceOp& op) {
    const auto in = lowering.inputShape();
    const auto strides = stridesOf(in);
    const auto rank = static_cast<std::int64_t>(in.rank());
    std::vector<std::int64_t> kept, gone, keptStrides, goneStrides;
    for (std::int64_t axis = 0; axis < rank; ++axis) {
        const auto at = static_cast<std::size_t>(axis);
        const bool goes = op.axes.empty() || std::ranges::find(op.axes, axis) != op.axes.end() ||
                          std::ranges::find(op.axes, axis - rank) != op.axes.end();
        (goes ? gone : kept).push_back(in[at]);
        (goes ? goneStrides : keptStrides).push_back(strides[at]);
    }
    const ElementLoop ofKept(Shape(kept), {keptStrides});
    const ElementLoop ofGone(Shape(gone), {goneStrides});
    const bool isIndices = lowering.isFedAsIndices(0);
    const void* data = isIndices ? static_cast<const void*>(lowering.indices(0))
                                 : static_cast<const void*>(lowering.input(0));
    ReduceShape shape{ofKept.axes(),
                      ofGone.axes(),
                      ofKept.operand(0, data, isIndices),
                      {},
                      static_cast<std::int32_t>(op.kind)};
    std::ranges::copy(ofGone.strided(0).stride, shape.stride);
    return shape;
}

/// A run of copies between an array and its pieces along an axis.
void copyPiece(Lowering& lowering, const float* from, float* to, const Shape& piece,
               const std::vector<std::int64_t>& fromStrides,
               const std::vector<std::int64_t>& toStrides) {
    const ElementLoop loop(piece, {fromStrides, toStrides});
    lowering.launch(kernel::copyAlong, Lowering::forElements(loop.axes().elements),
                    loop.operand(0, from), to, loop.axes(), loop.strided(1));
}

std::size_t axisOf(const Shape& shape, std::int64_t axis) {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(shape.rank())
                                             : axis);
}

Operand indicesOf(const Lowering& lowering, std::size_t input) {
    Operand operand;
    operand.isIndices = lowering.isFedAsIndices(input) ? 1 : 0;
    operand.data = operand.isIndices ? static_cast<const void*>(lowering.indices(input))
                                     : static_cast<const void*>(lowering.input(input));
    return operand;
}

} // namespace

void lower(Lowering& lowering, const ReduceOp& op) {
    const auto shape = shapeOf(lowering, op);
    if (shape.gone.elements > kMostForThread)
        lowering.launch(kernel::reduceBlock, forLanes(shape.kept.elements), shape,
                        lowering.output());
    else
        lowering.launch(kernel::reduceEach, Lowering::forElements(shape.kept.elements), shape,
                        lowering.output());
}

/// Of a product; the others consist of further ops.
void lowerGradient(GradientLowering& lowering, const ReduceOp& op) {
    const auto shape = shapeOf(lowering, op);
    if (auto* gradient = lowering.inputGradient())
        lowering.launch(kernel::productBack,
                        Lowering::forElements(shape.kept.elements * shape.gone.elements), shape,
                        lowering.outputGradient(), gradient);
}

void lower(Lowering& lowering, const SoftmaxOp& op) {
    const auto lanes = lanesOf(lowering.inputShape(), op.axis);
    lowering.launch(kernel::softmax, forLanes(lanes.outer * lanes.inner), lowering.input(),
                    lowering.output(), lanes, op.logarithm ? 1 : 0);
}

void lowerGradient(GradientLowering& lowering, const SoftmaxOp& op) {
    const auto lanes = lanesOf(lowering.inputShape(), op.axis);
    if (auto* gradient = lowering.inputGradient())
        lowering.launch(kernel::softmaxBack, forLanes(lanes.outer * lanes.inner), lowering.output(),
                        lowering.outputGradient(), gradient, lanes, op.logarithm ? 1 : 0);
}

void lower(Lowering& lowering, const ArgMaxOp& op) {
    const auto lanes = lanesOf(lowering.inputShape(), op.axis);
    lowering.launch(kernel::argMax, Lowering::forElements(lanes.outer * lanes.inner),
                    lowering.input(), lowering.output(), lanes, op.minimum ? 1 : 0);
}

void lower(Lowering& lowering, const TopKOp& op) {
    const auto lanes = lanesOf(lowering.inputShape(), op.axis);
    lowering.launch(kernel::topK, Lowering::forElements(lanes.outer * lanes.inner),
                    lowering.input(), lowering.output(0), lowering.output(1), lanes,
                    static_cast<std::uint64_t>(op.k), op.smallest ? 1 : 0);
}

void lowerGradient(GradientLowering& lowering, const TopKOp& op) {
    const auto lanes = lanesOf(lowering.inputShape(), op.axis);
    if (auto* gradient = lowering.inputGradient())
        lowering.launch(kernel::topKBack, Lowering::forElements(lanes.outer * lanes.inner),
                        lowering.outputGradient(), lowering.output(1), gradient, lanes,
                        static_cast<std::uint64_t>(op.k));
}

void lower(Lowering& lowering, const GatherOp& op) {
    const auto lanes = lanesOf(lowering.inputShape(0), op.axis);
    const auto count = static_cast<std::uint64_t>(lowering.inputShape(1).elements());
    lowering.launch(kernel::gather, Lowering::forElements(lanes.outer * count * lanes.inner),
                    lowering.input(0), indicesOf(lowering, 1), lowering.output(), lanes, count,
                    lowering.placeOfOp(), lowering.sums());
}

void lowerGradient(GradientLowering& lowering, const GatherOp& op) {
    const auto lanes = lanesOf(lowering.inputShape(0), op.axis);
    const auto count = static_cast<std::uint64_t>(lowering.inputShape(1).elements());
    if (auto* gradient = lowering.inputGradient(0))
        lowering.launch(kernel::gatherBack,
                        Lowering::forElements(lanes.outer * lanes.length * lanes.inner),
                        lowering.outputGradient(), indicesOf(lowering, 1), gradient, lanes, count);
}

void lower(Lowering& lowering, const SplitOp& op) {
    const auto in = lowering.inputShape();
    const auto strides = stridesOf(in);
    const auto axis = axisOf(in, op.axis);
    std::int64_t first = 0;
    for (std::size_t i = 0; i < op.sizes.size(); ++i) {
        const auto piece = lowering.outputShape(i);
        copyPiece(lowering, lowering.input() + first * strides[axis], lowering.output(i), piece,
                  strides, stridesOf(piece));
        first += op.sizes[i];
    }
}

void lower(Lowering& lowering, const ConcatOp& op) {
    const auto out = lowering.outputShape();
    const auto strides = stridesOf(out);
    const auto axis = axisOf(out, op.axis);
    std::int64_t first = 0;
    for (std::size_t i = 0; i < lowering.inputs(); ++i) {
        const auto piece = lowering.inputShape(i);
        copyPiece(lowering, lowering.input(i), lowering.output() + first * strides[axis], piece,
                  stridesOf(piece), strides);
        first += piece[axis];
    }
}

} // namespace gradwright::cuda
