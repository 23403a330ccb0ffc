// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/broadcast.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/ops/integers.h"

#include <algorithm>
#include <cmath>

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

template <class F>
void each(float* out, std::size_t size, const F& f) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = f(i);
}

template <class F>
void map(float* out, const float* in, std::size_t size, const F& f) {
    forChunks(size, kGrain, [&](std::size_t begin, std::size_t end) {
        for (auto i = begin; i < end; ++i)
            out[i] = f(in[i]);
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
    const auto scale = static_cast<float>(op.scale);
    const auto shift = static_cast<float>(op.shift);
    const auto a = static_cast<float>(op.a);
    const auto b = static_cast<float>(op.b);
    const auto apply = [&](const auto& f) {
        map(out, in, size, [&](float x) { return scale * f(x) + shift; });
    };
    switch (op.kind) {
    case UnaryKind::Linear:
        return apply([](float x) { return x; });
    case UnaryKind::Exponential:
        return apply([](float x) { return std::exp(x); });
    case UnaryKind::Logarithm:
        return apply([](float x) { return std::log(x); });
    case UnaryKind::SquareRoot:
        return apply([](float x) { return std::sqrt(x); });
    case UnaryKind::Reciprocal:
        return apply([](float x) { return 1.0F / x; });
    case UnaryKind::Power:
        if (a == 2)
            return apply([](float x) { return x * x; });
        return apply([a](float x) { return std::pow(x, a); });
    case UnaryKind::Absolute:
        return apply([](float x) { return std::abs(x); });
    case UnaryKind::Sign:
        return apply([](float x) { return static_cast<float>((x > 0 ? 1 : 0) - (x < 0 ? 1 : 0)); });
    case UnaryKind::Floor:
        return apply([](float x) { return std::floor(x); });
    case UnaryKind::Ceiling:
        return apply([](float x) { return std::ceil(x); });
    case UnaryKind::Round:
        return apply([](float x) { return std::nearbyint(x); });
    case UnaryKind::Clip:
        return apply([a, b](float x) { return std::min(std::max(x, a), b); });
    case UnaryKind::Inside:
        return apply([a, b](float x) { return a <= x && x <= b ? 1.0F : 0.0F; });
    case UnaryKind::Sine:
        return apply([](float x) { return std::sin(x); });
    case UnaryKind::Cosine:
        return apply([](float x) { return std::cos(x); });
    case UnaryKind::ErrorFunction:
        return apply([](float x) { return std::erf(x); });
    }
}

void applyBinary(const BinaryOp& op, const BroadcastLoops& loops, float* out,
                 const BroadcastInputs& in) {
    const auto scale = static_cast<float>(op.scale);
    const auto shift = static_cast<float>(op.shift);
    const auto apply = [&](const auto& f) {
        forTiles(loops, out, in, [&](float* y, const BroadcastInputs& x, std::size_t size) {
            each(y, size, [&](std::size_t i) { return scale * f(x[0][i], x[1][i]) + shift; });
        });
    };
    switch (op.kind) {
    case BinaryKind::Add:
        return apply([](float a, float b) { return a + b; });
    case BinaryKind::Subtract:
        return apply([](float a, float b) { return a - b; });
    case BinaryKind::Multiply:
        return apply([](float a, float b) { return a * b; });
    case BinaryKind::Divide:
        return apply([](float a, float b) { return a / b; });
    case BinaryKind::Power:
        return apply([](float a, float b) { return std::pow(a, b); });
    case BinaryKind::Maximum:
        return apply([](float a, float b) { return a > b || std::isnan(a) ? a : b; });
    case BinaryKind::Minimum:
        return apply([](float a, float b) { return a < b || std::isnan(a) ? a : b; });
    }
}

void applyCompare(const CompareOp& op, const BroadcastLoops& loops, float* out,
                  const BroadcastInputs& in) {
    const auto apply = [&](const auto& holds) {
        forTiles(loops, out, in, [&](float* y, const BroadcastInputs& x, std::size_t size) {
            each(y, size, [&](std::size_t i) { return holds(x[0][i], x[1][i]) ? 1.0F : 0.0F; });
        });
    };
    switch (op.comparison) {
    case Comparison::Equal:
        return apply([](float a, float b) { return a == b; });
    case Comparison::Less:
        return apply([](float a, float b) { return a < b; });
    case Comparison::LessOrEqual:
        return apply([](float a, float b) { return a <= b; });
    case Comparison::Greater:
        return apply([](float a, float b) { return a > b; });
    case Comparison::GreaterOrEqual:
        return apply([](float a, float b) { return a >= b; });
    }
}

void applyLogic(const LogicOp& op, const BroadcastLoops& loops, float* out,
                const BroadcastInputs& in) {
    const auto apply = [&](const auto& holds) {
        forTiles(loops, out, in, [&](float* y, const BroadcastInputs& x, std::size_t size) {
            const float* second = x[1] ? x[1] : x[0];
            each(y, size,
                 [&](std::size_t i) { return holds(x[0][i] != 0, second[i] != 0) ? 1.0F : 0.0F; });
        });
    };
    switch (op.kind) {
    case LogicKind::And:
        return apply([](bool a, bool b) { return a && b; });
    case LogicKind::Or:
        return apply([](bool a, bool b) { return a || b; });
    case LogicKind::Xor:
        return apply([](bool a, bool b) { return a != b; });
    case LogicKind::Not:
        return apply([](bool a, bool /*b*/) { return !a; });
    }
}

void applyWhere(const BroadcastLoops& loops, float* out, const BroadcastInputs& in) {
    forTiles(loops, out, in, [&](float* y, const BroadcastInputs& x, std::size_t size) {
        each(y, size, [&](std::size_t i) { return x[0][i] != 0 ? x[1][i] : x[2][i]; });
    });
}

void applyExpand(const BroadcastLoops& loops, float* out, const BroadcastInputs& in) {
    forTiles(loops, out, in, [&](float* y, const BroadcastInputs& x, std::size_t size) {
        std::copy_n(x[0], size, y);
    });
}

void applyCast(DType from, DType to, float* out, const float* in, std::size_t size) {
    map(out, in, size, [from, to](float x) { return castNumber(x, from, to); });
}

void toNumbers(float* out, const std::int32_t* in, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<float>(in[i]);
}

} // namespace gradwright::onednn
