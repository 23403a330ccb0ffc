// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/channel.h"
#include "engine/backend/cuda/kernels/language.h"

// Ways through arrays of rows and of channels that divide once, not for each element.

namespace gradwright::cuda::kernels {

/// visit(row, element) for this thread's elements of a row-major array whose rows have `length`
/// elements, among all threads of the grid.
template <class Visit>
__device__ inline void forEachInRows(std::size_t elements, std::size_t length, const Visit& visit) {
    const std::size_t step = allThreads();
    const std::size_t rowStep = step / length;
    const std::size_t columnStep = step % length;
    std::size_t row = firstElement() / length;
    std::size_t column = firstElement() % length;
    for (std::size_t i = firstElement(); i < elements; i += step) {
        visit(row, i);
        row += rowStep;
        column += columnStep;
        if (column >= length) {
            column -= length;
            ++row;
        }
    }
}

/// visit(sample, element) for this thread's elements of a part of a channel, among the block's
/// threads.
template <class Visit>
__device__ inline void forEachOfChannel(const ChannelShape& shape, unsigned channel, unsigned part,
                                        const Visit& visit) {
    const std::size_t count = static_cast<std::size_t>(shape.batch) * shape.positions;
    const std::size_t size = (count + shape.parts - 1) / shape.parts;
    const std::size_t end = (part + 1) * size < count ? (part + 1) * size : count;
    const std::size_t first = part * size + threadIdx.x;
    const unsigned sampleStep = blockDim.x / shape.positions;
    const unsigned positionStep = blockDim.x % shape.positions;
    auto sample = static_cast<unsigned>(first / shape.positions);
    auto position = static_cast<unsigned>(first % shape.positions);
    for (std::size_t i = first; i < end; i += blockDim.x) {
        visit(sample,
              (static_cast<std::size_t>(sample) * shape.channels + channel) * shape.positions +
                  position);
        sample += sampleStep;
        position += positionStep;
        if (position >= shape.positions) {
            position -= shape.positions;
            ++sample;
        }
    }
}

/// How many elements a part of a channel has.
__device__ inline std::size_t sizeOfPart(const ChannelShape& shape, unsigned part) {
    const std::size_t count = static_cast<std::size_t>(shape.batch) * shape.positions;
    const std::size_t size = (count + shape.parts - 1) / shape.parts;
    return part * size >= count ? 0 : (part + 1) * size < count ? size : count - part * size;
}

__device__ inline std::size_t elementsOf(const ChannelShape& shape) {
    return static_cast<std::size_t>(shape.batch) * shape.channels * shape.positions;
}

} // namespace gradwright::cuda::kernels
