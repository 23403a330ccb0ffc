// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/launch_cost.h"

#include <algorithm>

namespace gradwright::cuda {

void ArrayExtents::set(Address begin, std::size_t bytes) {
    bytes_.erase(bytes_.lower_bound(begin), bytes_.lower_bound(begin + bytes));
    bytes_.insert_or_assign(begin, bytes);
}

std::size_t ArrayExtents::bytesFrom(Address address) const {
    const auto next = bytes_.upper_bound(address);
    if (next == bytes_.begin())
        return 0;
    const auto& [begin, bytes] = *std::prev(next);
    return address < begin + bytes ? static_cast<std::size_t>(begin + bytes - address) : 0;
}

void CostCount::touch(Address address, bool isWritten) {
    auto& seen = seen_[isWritten];
    if (address == 0 || std::ranges::find(seen, address) != seen.end())
        return;
    seen.push_back(address);
    const auto bytes = extents_.bytesFrom(address);
    bytes_[isWritten] += bytes;
    largest_ = std::max(largest_, bytes);
}

void CostCount::add(const FusedProgram& program) {
    for (std::int32_t i = 0; i < program.inputs; ++i)
        add(program.input[i]);
    stepsOfElement_ = program.steps;
}

void CostCount::add(const SoftmaxTarget& target) {
    add(target.classes);
    add(target.probabilities);
    add(target.classWeights);
}

void CostCount::add(const AxisTable& axis) {
    add(axis.begin);
    add(axis.index);
    add(axis.weight);
}

void CostCount::add(const ProductShape& shape) {
    std::int64_t macs = shape.rows;
    macs *= shape.columns;
    macs *= shape.depth;
    for (int axis = 0; axis < shape.aStack.rank; ++axis)
        macs *= shape.aStack.length[axis];
    macs_ += macs;
}

void CostCount::add(const ConvShape& shape) {
    std::int64_t macs = shape.batch;
    for (const std::int64_t factor : {shape.groups, shape.inChannels, shape.outChannels})
        macs *= factor;
    for (int axis = 0; axis < 3; ++axis)
        macs *= static_cast<std::int64_t>(shape.out[axis]) * shape.kernel[axis];
    macs_ += macs;
}

LaunchCost CostCount::cost() const {
    LaunchCost cost;
    cost.read = bytes_[false];
    cost.written = bytes_[true];
    cost.operations = macs_ > 0
                          ? 2 * macs_
                          : static_cast<std::int64_t>(largest_ / sizeof(float)) * stepsOfElement_;
    return cost;
}

} // namespace gradwright::cuda
