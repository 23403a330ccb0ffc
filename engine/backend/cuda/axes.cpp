// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/axes.h"

#include "engine/support/error.h"

#include <algorithm>
#include <limits>

namespace gradwright::cuda {

std::vector<std::int64_t> stridesOf(const Shape& shape) {
    std::vector<std::int64_t> strides(shape.rank());
    std::int64_t stride = 1;
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
        strides[axis] = stride;
        stride *= shape[axis];
    }
    return strides;
}

std::vector<std::int64_t> broadcastStrides(const Shape& shape, const Shape& out) {
    const auto own = stridesOf(shape);
    std::vector<std::int64_t> strides(out.rank());
    const auto missing = out.rank() - shape.rank();
    for (std::size_t axis = 0; axis < shape.rank(); ++axis)
        if (shape[axis] != 1)
            strides[missing + axis] = own[axis];
    return strides;
}

ElementLoop::ElementLoop(const Shape& shape, std::vector<std::vector<std::int64_t>> strides)
    : strides_(strides.size()) {
    axes_.elements = static_cast<std::uint64_t>(shape.elements());
    std::vector<std::int64_t> lengths;
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
        if (shape[axis] == 1)
            continue;
        const bool joins = !lengths.empty() && std::ranges::all_of(strides, [&](const auto& of) {
            const auto array = static_cast<std::size_t>(&of - strides.data());
            return strides_[array].back() == of[axis] * shape[axis];
        });
        if (joins)
            lengths.back() *= shape[axis];
        else
            lengths.push_back(shape[axis]);
        for (std::size_t array = 0; array < strides.size(); ++array) {
            if (joins)
                strides_[array].back() = strides[array][axis];
            else
                strides_[array].push_back(strides[array][axis]);
        }
    }
    if (lengths.size() > kMostAxes)
        throw Error("a GPU's kernels take arrays of up to {} axes, not {}", kMostAxes,
                    lengths.size());
    axes_.rank = static_cast<std::int32_t>(lengths.size());
    for (std::size_t axis = 0; axis < lengths.size(); ++axis) {
        if (lengths[axis] > std::numeric_limits<std::uint32_t>::max())
            throw Error("an array of {} elements is too large for a GPU's kernels",
                        shape.elements());
        axes_.length[axis] = static_cast<std::uint32_t>(lengths[axis]);
    }
}

Operand ElementLoop::operand(std::size_t array, const void* data, bool isIndices) const {
    Operand operand{data, isIndices ? 1 : 0, {}};
    std::ranges::copy(strides_[array], operand.stride);
    return operand;
}

Strided ElementLoop::strided(std::size_t array) const {
    Strided strided;
    strided.rank = axes_.rank;
    std::ranges::copy(axes_.length, strided.length);
    std::ranges::copy(strides_[array], strided.stride);
    return strided;
}

} // namespace gradwright::cuda
