// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/window.h"
#include "engine/backend/cuda/lower.h"

namespace gradwright::cuda {
namespace {

std::uint64_t sizeOfShape(const Shape& shape) {
    return static_cast<std::uint64_t>(shape.elements());
}

PoolShape poolShapeOf(const Lowering& lowering, const PoolOp& op) {
    const auto in = lowering.inputShape();
    const auto out = lowering.outputShape();
    PoolShape shape;
    shape.planes = static_cast<std::uint64_t>(in[0] * in[1]);
    shape.countsPadding = op.countPadding ? 1 : 0;
    // The axes that there are come last.
    const auto axes = in.rank() - 2;
    for (std::size_t axis = 0; axis < axes; ++axis) {
        const auto at = 3 - axes + axis;
        shape.in[at] = static_cast<std::uint32_t>(in[axis + 2]);
        shape.out[at] = static_cast<std::uint32_t>(out[axis + 2]);
        shape.kernel[at] = static_cast<std::uint32_t>(op.kernel[axis]);
        shape.stride[at] = static_cast<std::uint32_t>(op.stride[axis]);
        shape.padding[at] = static_cast<std::int32_t>(op.padding.before(axis));
    }
    return shape;
}

struct Planes {
    std::uint64_t planes, positions;
};
Planes planesOf(const Shape& shape) {
    const auto planes = static_cast<std::uint64_t>(shape[0] * shape[1]);
    return {planes, sizeOfShape(shape) / planes};
}

/// The same map from the output's side: for each element of the input the terms it is part of, in
/// the order of the output.
AxisTerms transposed(const AxisTerms& terms, std::size_t in) {
    AxisTerms result;
    result.begin.resize(in + 1);
    for (const auto index : terms.index)
        ++result.begin[static_cast<std::size_t>(index) + 1];
    for (std::size_t i = 0; i < in; ++i)
        result.begin[i + 1] += result.begin[i];
    result.index.resize(terms.index.size());
    result.weight.resize(terms.index.size());
    auto next = result.begin;
    for (std::size_t i = 0; i + 1 < terms.begin.size(); ++i)
        for (auto term = terms.begin[i]; term < terms.begin[i + 1]; ++term) {
            const auto to = next[static_cast<std::size_t>(terms.index[term])]++;
            result.index[to] = static_cast<std::int64_t>(i);
            result.weight[to] = terms.weight[term];
        }
    return result;
}

AxisTable tableOf(Lowering& lowering, const AxisTerms& terms, double outside) {
    AxisTable axis;
    axis.begin = lowering.table(std::vector<std::int32_t>(terms.begin.begin(), terms.begin.end()));
    axis.index = lowering.table(std::vector<std::int32_t>(terms.index.begin(), terms.index.end()));
    axis.weight = lowering.table(std::vector<float>(terms.weight.begin(), terms.weight.end()));
    axis.outside = static_cast<float>(outside);
    return axis;
}

/// Takes an array through the maps of its axes, forward in their order, backward the other way
/// round.
void resampleAll(Lowering& lowering, const ResampleOp& op, const float* from, float* to,
                 bool isBackward) {
    auto shape = isBackward ? lowering.outputShape() : lowering.inputShape();
    const auto in = lowering.inputShape();
    std::vector<std::size_t> axes;
    for (std::size_t axis = 0; axis < shape.rank(); ++axis)
        if (op.axes[axis].kind != AxisMap::Kind::Keep)
            axes.push_back(axis);
    if (axes.empty())
        axes.push_back(0); // a copy
    if (isBackward)
        std::ranges::reverse(axes);
    for (const auto axis : axes) {
        auto terms = termsOf(op.axes[axis], in[axis]);
        if (isBackward)
            terms = transposed(terms, static_cast<std::size_t>(in[axis]));
        auto table = tableOf(lowering, terms, isBackward ? 0.0 : op.outside);
        for (std::size_t i = 0; i < shape.rank(); ++i)
            (i < axis    ? table.outer
             : i == axis ? table.in
                         : table.inner) *= static_cast<std::uint64_t>(shape[i]);
        table.out = terms.begin.size() - 1;
        shape[axis] = static_cast<std::int64_t>(table.out);
        const auto size = sizeOfShape(shape);
        auto* next = axis == axes.back() ? to : lowering.scratch<float>(size);
        lowering.launch(kernel::resample, Lowering::forElements(size), from, next, table);
        from = next;
    }
}

} // namespace

void lower(Lowering& lowering, const PoolOp& op) {
    const auto shape = poolShapeOf(lowering, op);
    const auto size = sizeOfShape(lowering.outputShape());
    if (op.kind == PoolKind::Average) {
        lowering.launch(kernel::averagePool, Lowering::forElements(size), lowering.input(),
                        lowering.output(), shape);
        return;
    }
    auto* places = lowering.isTraining() ? lowering.makeState<std::int32_t>(size) : nullptr;
    lowering.launch(kernel::maxPool, Lowering::forElements(size), lowering.input(),
                    lowering.output(), places, shape);
}

void lowerGradient(GradientLowering& lowering, const PoolOp& op) {
    auto* gradient = lowering.inputGradient();
    if (!gradient)
        return;
    const auto launch = Lowering::forElements(sizeOfShape(lowering.inputShape()));
    const auto shape = poolShapeOf(lowering, op);
    if (op.kind == PoolKind::Max)
        lowering.launch(kernel::maxPoolBack, launch, lowering.outputGradient(),
                        lowering.state<std::int32_t>(), gradient, shape);
    else
        lowering.launch(kernel::averagePoolBack, launch, lowering.outputGradient(), gradient,
                        shape);
}

void lower(Lowering& lowering, const GlobalAveragePoolOp& /*op*/) {
    const auto [planes, positions] = planesOf(lowering.inputShape());
    lowering.launch(kernel::meanOfPlanes, {{static_cast<unsigned>(planes)}, {kBlockThreads}},
                    lowering.input(), lowering.output(), planes, positions);
}

void lowerGradient(GradientLowering& lowering, const GlobalAveragePoolOp& /*op*/) {
    const auto [planes, positions] = planesOf(lowering.inputShape());
    if (auto* gradient = lowering.inputGradient())
        lowering.launch(kernel::meanOfPlanesBack, Lowering::forElements(planes * positions),
                        lowering.outputGradient(), gradient, planes, positions);
}

void lower(Lowering& lowering, const ResampleOp& op) {
    resampleAll(lowering, op, lowering.input(), lowering.output(), false);
}

void lowerGradient(GradientLowering& lowering, const ResampleOp& op) {
    if (auto* gradient = lowering.inputGradient())
        resampleAll(lowering, op, lowering.outputGradient(), gradient, true);
}

} // namespace gradwright::cuda
