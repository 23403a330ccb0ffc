// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/normalize.h"
#include "engine/backend/cuda/launches.h"
#include "engine/backend/cuda/lower.h"

#include <algorithm>

namespace gradwright::cuda {
namespace {

constexpr std::int64_t kMostGroupBlocks = 1 << 20;
constexpr std::int64_t kColumnsOfBlock = 32; ///< of sumElementWeights

GroupShape groupsOf(const NormalizeOp& op, const Shape& shape) {
    std::int64_t span = 1;
    for (auto axis = static_cast<std::size_t>(op.axis); axis < shape.rank(); ++axis)
        span *= shape[axis];
    GroupShape groups;
    groups.size = count32(std::max<std::int64_t>(span / op.groups, 1));
    groups.groups = static_cast<std::uint64_t>(shape.elements()) / groups.size;
    groups.groupsOfSample = count32(op.groups);
    groups.positions = channelsOf(shape).positions;
    groups.perChannel = op.perChannel ? 1 : 0;
    groups.centre = op.centre ? 1 : 0;
    groups.epsilon = static_cast<float>(op.epsilon);
    return groups;
}

Launch forGroups(const GroupShape& groups) {
    return {{count32(std::clamp<std::int64_t>(static_cast<std::int64_t>(groups.groups), 1,
                                              kMostGroupBlocks))},
            {threadsFor(groups.size)}};
}

std::size_t shiftOf(const NormalizeOp& op) {
    return op.scale ? 1 : 0;
}

ResponseShape responseShapeOf(const LocalResponseNormOp& op, const Shape& shape) {
    const auto channels = channelsOf(shape);
    ResponseShape result;
    result.elements = static_cast<std::uint64_t>(shape.elements());
    result.channels = channels.channels;
    result.positions = channels.positions;
    result.size = count32(op.size);
    result.before = result.size / 2;
    result.alpha = static_cast<float>(op.alpha / static_cast<double>(op.size));
    result.beta = static_cast<float>(op.beta);
    result.k = static_cast<float>(op.k);
    return result;
}

} // namespace

void lower(Lowering& lowering, const NormalizeOp& op) {
    const auto groups = groupsOf(op, lowering.inputShape());
    auto* measures = lowering.isTraining() ? lowering.makeState<float>(2 * groups.groups) : nullptr;
    lowering.launch(kernel::normalizeGroups, forGroups(groups), lowering.input(),
                    op.scale ? lowering.weight() : nullptr,
                    op.shift ? lowering.weight(shiftOf(op)) : nullptr, lowering.output(), measures,
                    groups);
}

void lowerGradient(GradientLowering& lowering, const NormalizeOp& op) {
    const auto shape = lowering.inputShape();
    auto groups = groupsOf(op, shape);
    const auto* measures = lowering.state<float>();
    if (auto* gradient = lowering.inputGradient())
        lowering.launch(kernel::normalizeGroupsBack, forGroups(groups), lowering.input(),
                        lowering.outputGradient(), op.scale ? lowering.weight() : nullptr, measures,
                        gradient, groups);
    auto* scale = op.scale ? lowering.weightGradient() : nullptr;
    auto* shift = op.shift ? lowering.weightGradient(shiftOf(op)) : nullptr;
    if (!scale && !shift)
        return;
    if (op.perChannel) {
        const auto channels = channelsOf(shape);
        const PartedSums scales(lowering, scale, channels.channels, channels.parts);
        const PartedSums shifts(lowering, shift, channels.channels, channels.parts);
        lowering.launch(kernel::sumChannelWeights,
                        {{channels.channels, channels.parts}, {kBlockThreads}}, lowering.input(),
                        lowering.outputGradient(), measures, scales.parts(), shifts.parts(),
                        channels, channels.channels / groups.groupsOfSample);
        scales.add();
        shifts.add();
        return;
    }
    const auto columns = (groups.size + kColumnsOfBlock - 1) / kColumnsOfBlock;
    groups.parts = partsOfSums(columns, static_cast<std::int64_t>(groups.groups) * kColumnsOfBlock);
    const PartedSums scales(lowering, scale, groups.size, groups.parts);
    const PartedSums shifts(lowering, shift, groups.size, groups.parts);
    lowering.launch(kernel::sumElementWeights, {{count32(columns), groups.parts}, {kBlockThreads}},
                    lowering.input(), lowering.outputGradient(), measures, scales.parts(),
                    shifts.parts(), groups);
    scales.add();
    shifts.add();
}

void lower(Lowering& lowering, const LocalResponseNormOp& op) {
    const auto shape = responseShapeOf(op, lowering.inputShape());
    lowering.launch(kernel::respond, Lowering::forElements(shape.elements), lowering.input(),
                    lowering.output(), shape);
}

void lowerGradient(GradientLowering& lowering, const LocalResponseNormOp& op) {
    auto* gradient = lowering.inputGradient();
    if (!gradient)
        return;
    const auto shape = responseShapeOf(op, lowering.inputShape());
    auto* terms = lowering.scratch<float>(shape.elements);
    const auto launch = Lowering::forElements(shape.elements);
    lowering.launch(kernel::respondBackAlone, launch, lowering.input(), lowering.outputGradient(),
                    gradient, terms, shape);
    lowering.launch(kernel::respondBackAmong, launch, lowering.input(), terms, gradient, shape);
}

} // namespace gradwright::cuda
