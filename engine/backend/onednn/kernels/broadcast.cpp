// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/broadcast.h"

#include "engine/backend/onednn/kernels/element_functions.h"
#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/ops/integers.h"

#include <algorithm>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kTile = 256;    // elements that are worked on at a time
constexpr std::size_t kGrain = 16384; // that a thread takes at least

/// f(out, inputs, size) for pieces of rows, in which every input is an array.
template <class F>
void forTiles(const BroadcastLoops& loops, float* out, const BroadcastInputs& in, const F& f) {
    const auto length = loops.rowLength();
    const auto grain = std::max<std::size_t>(kGrain / length, 1);
    forChunks(loops.rows(), grain, [&](std::size_t begin, std::size_t end) {
        std::array<std::array<float, kTile>, kMostBroadcast> repeated{};
        for (auto row = begin; row < end; ++row)
            for (std::size_t at = 0; at < length; at += kTile) {
                const auto size = std::min(kTile, length - at);
                BroadcastInputs tiles{};
                for (std::size_t i = 0; i < loops.inputs(); ++i) {
                    const float* from = in[i] + loops.offset(i, row);
                    if (!loops.isRepeated(i)) {
                        tiles[i] = from + at;
                        continue;
                    }
                    std::fill_n(repeated[i].begin(), size, *from);
                    tiles[i] = repeated[i].data();
                }
                f(out + row * length + at, tiles, size);
            }
    });
}

/// The op's function of all elements.
template <class Op>
void applyTo(const Op& op, float* out, const float* in, std::size_t size) {
    forChunks(size, kGrain, [&](std::size_t begin, std::size_t end) {
        const std::array from{in + begin};
        applyFunction(op, out + begin, from, end - begin);
    });
}

template <class Op>
void applyTo(const Op& op, const BroadcastLoops& loops, float* out, const BroadcastInputs& in) {
    forTiles(loops, out, in, [&](float* y, const BroadcastInputs& x, std::size_t size) {
        applyFunction(op, y, x, size);
    });
}

} // namespace

BroadcastLoops::BroadcastLoops(const Shape& output, const std::vector<Shape>& inputs) {
    const auto rank = output.rank();
    for (std::size_t axis = 0; axis + 1 < rank; ++axis) {
        lengths_.push_back(static_cast<std::size_t>(output[axis]));
        rows_ *= lengths_.back();
    }
    rowLength_ = rank == 0 ? 1 : static_cast<std::size_t>(output[rank - 1]);
    for (const auto& input : inputs) {
        std::vector<std::size_t> strides(rank);
        std::size_t stride = 1;
        for (auto axis = input.rank(); axis-- > 0;) {
            if (input[axis] != 1)
                strides[axis + rank - input.rank()] = stride;
            stride *= static_cast<std::size_t>(input[axis]);
        }
        steps_.push_back(rank == 0 ? 0 : strides.back());
        if (rank > 0)
            strides.pop_back();
        strides_.push_back(std::move(strides));
    }
}

std::size_t BroadcastLoops::offset(std::size_t input, std::size_t row) const {
    std::size_t place = 0;
    for (auto axis = lengths_.size(); axis-- > 0;) {
        place += row % lengths_[axis] * strides_[input][axis];
        row /= lengths_[axis];
    }
    return place;
}

void applyUnary(const UnaryOp& op, float* out, const float* in, std::size_t size) {
    applyTo(op, out, in, size);
}

void applyBinary(const BinaryOp& op, const BroadcastLoops& loops, float* out,
                 const BroadcastInputs& in) {
    applyTo(op, loops, out, in);
}

void applyCompare(const CompareOp& op, const BroadcastLoops& loops, float* out,
                  const BroadcastInputs& in) {
    applyTo(op, loops, out, in);
}

void applyLogic(const LogicOp& op, const BroadcastLoops& loops, float* out,
                const BroadcastInputs& in) {
    applyTo(op, loops, out, in);
}

void applyWhere(const BroadcastLoops& loops, float* out, const BroadcastInputs& in) {
    applyTo(WhereOp{}, loops, out, in);
}

void applyExpand(const BroadcastLoops& loops, float* out, const BroadcastInputs& in) {
    forTiles(loops, out, in, [&](float* y, const BroadcastInputs& x, std::size_t size) {
        std::copy_n(x[0], size, y);
    });
}

void applyCast(DType from, DType to, float* out, const float* in, std::size_t size) {
    forChunks(size, kGrain, [=](std::size_t begin, std::size_t end) {
        for (auto i = begin; i < end; ++i)
            out[i] = castNumber(in[i], from, to);
    });
}

void toNumbers(float* out, const std::int32_t* in, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<float>(in[i]);
}

} // namespace gradwright::onednn
