// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/quantize.h"

#include "engine/backend/onednn/kernels/broadcast.h"
#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/ops/integers.h"
#include "engine/support/simd.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 16384; // elements

/// f(element, place of its scale)
template <class F>
void forEachScaled(const ScaleLayout& layout, const F& f) {
    // One scale is for all of a row; split it, too, where it is the only one.
    const auto rows = layout.outer * layout.length;
    const auto split = rows == 1 ? layout.inner : 1;
    const auto inner = layout.inner / split;
    const auto grain = std::max<std::size_t>(kGrain / inner, 1);
    forChunks(rows * split, grain, [&](std::size_t begin, std::size_t end) {
        for (auto piece = begin; piece < end; ++piece) {
            const auto row = piece / split;
            auto scale = layout.first(row / layout.length, row % layout.length) +
                         piece % split * layout.step();
            for (std::size_t i = 0; i < inner; ++i, scale += layout.step())
                f(piece * inner + i, scale);
        }
    });
}

/// Sums that fit into 32 bits: each term is at most 255² in size.
constexpr std::size_t kExactTerms = 32768;

GRADWRIGHT_CLONES
std::int32_t dotPiece(const std::int16_t* a, const std::int16_t* b, std::size_t size) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < size; ++i)
        sum += static_cast<std::int32_t>(a[i]) * static_cast<std::int32_t>(b[i]);
    return sum;
}

std::int64_t dot(const std::int16_t* a, const std::int16_t* b, std::size_t size) {
    std::int64_t sum = 0;
    for (std::size_t at = 0; at < size; at += kExactTerms)
        sum += dotPiece(a + at, b + at, std::min(kExactTerms, size - at));
    return sum;
}

/// out[m, n] = a's row m · b's row n.
void multiplyRows(float* out, const std::int16_t* a, std::size_t rows, const std::int16_t* b,
                  std::size_t columns, std::size_t inner) {
    const auto grain = std::max<std::size_t>(kGrain / std::max<std::size_t>(inner, 1), 1);
    forChunks(rows * columns, grain, [&](std::size_t begin, std::size_t end) {
        for (auto i = begin; i < end; ++i)
            out[i] =
                static_cast<float>(dot(a + i / columns * inner, b + i % columns * inner, inner));
    });
}

std::int16_t shifted(float x, std::int16_t zero) {
    return static_cast<std::int16_t>(static_cast<std::int16_t>(x) - zero);
}

} // namespace

void quantize(const ScaleLayout& layout, DType to, float* out, const float* in, const float* scale,
              const float* zero) {
    forEachScaled(layout, [&](std::size_t i, std::size_t s) {
        const float rounded = std::nearbyint(in[i] / scale[s]);
        out[i] = castNumber(rounded + (zero ? zero[s] : 0.0F), DType::F32, to); // saturates
    });
}

void dequantize(const ScaleLayout& layout, float* out, const float* in, const float* scale,
                const float* zero) {
    forEachScaled(layout, [&](std::size_t i, std::size_t s) {
        out[i] = (in[i] - (zero ? zero[s] : 0.0F)) * scale[s];
    });
}

namespace {

/// Rounds with halves to the even number: where FP32 counts by ones, a sum is rounded so. The
/// quotient is brought near the limits first, which changes no result.
constexpr float kCountsByOnes = 12582912.0F; // 1.5 · 2^23
constexpr float kBeyondBytes = 1024.0F;

template <class Byte>
GRADWRIGHT_CLONES void quantizeRun(Byte* out, const float* in, std::size_t size, float scale,
                                   float zero) {
    constexpr float least = std::numeric_limits<Byte>::min();
    constexpr float most = std::numeric_limits<Byte>::max();
    for (std::size_t i = 0; i < size; ++i) {
        float x = in[i] / scale;
        x = x > -kBeyondBytes ? x : -kBeyondBytes; // NaN, too
        x = x < kBeyondBytes ? x : kBeyondBytes;
        x = (x + kCountsByOnes) - kCountsByOnes + zero;
        x = x > least ? x : least;
        x = x < most ? x : most;
        out[i] = static_cast<Byte>(static_cast<std::int32_t>(x));
    }
}

GRADWRIGHT_CLONES
void fakeQuantizeRun(IntegerRange range, float* out, const float* in, std::size_t size, float scale,
                     float zero) {
    const auto least = static_cast<float>(range.least);
    const auto most = static_cast<float>(range.most);
    for (std::size_t i = 0; i < size; ++i) {
        float x = std::nearbyint(in[i] / scale) + zero;
        x = x < least ? least : x; // NaN stays
        x = x > most ? most : x;
        out[i] = (x - zero) * scale;
    }
}

template <class Byte>
GRADWRIGHT_CLONES void dequantizeRun(float* out, const Byte* in, std::size_t size, float scale,
                                     float zero) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = (static_cast<float>(in[i]) - zero) * scale;
}

} // namespace

void fakeQuantize(DType to, float* out, const float* in, std::size_t size, float scale,
                  float zero) {
    forChunks(size, kGrain, [&](std::size_t begin, std::size_t end) {
        fakeQuantizeRun(rangeOf(to), out + begin, in + begin, end - begin, scale, zero);
    });
}

template <class Byte>
void quantizeToBytes(Byte* out, const float* in, std::size_t size, float scale, float zero) {
    forChunks(size, kGrain, [&](std::size_t begin, std::size_t end) {
        quantizeRun(out + begin, in + begin, end - begin, scale, zero);
    });
}
template <class Byte>
void dequantizeBytes(float* out, const Byte* in, std::size_t size, float scale, float zero) {
    forChunks(size, kGrain, [&](std::size_t begin, std::size_t end) {
        dequantizeRun(out + begin, in + begin, end - begin, scale, zero);
    });
}
template void quantizeToBytes(std::uint8_t*, const float*, std::size_t, float, float);
template void quantizeToBytes(std::int8_t*, const float*, std::size_t, float, float);
template void dequantizeBytes(float*, const std::uint8_t*, std::size_t, float, float);
template void dequantizeBytes(float*, const std::int8_t*, std::size_t, float, float);

IntegerProductPlan::IntegerProductPlan(const Shape& a, const Shape& b, const Shape& out)
    : rows(static_cast<std::size_t>(out[out.rank() - 2]))
    , columns(static_cast<std::size_t>(out[out.rank() - 1]))
    , inner(static_cast<std::size_t>(a[a.rank() - 1])) {
    const auto stackOf = [](const Shape& shape) {
        std::vector<std::int64_t> lengths(shape.begin(), shape.end() - 2);
        lengths.push_back(1); // a row of its own
        return Shape(std::move(lengths));
    };
    const BroadcastLoops loops(stackOf(out), {stackOf(a), stackOf(b)});
    for (std::size_t stack = 0; stack < loops.rows(); ++stack)
        stacks.push_back({loops.offset(0, stack), loops.offset(1, stack)});
}

void multiplyIntegers(const IntegerProductPlan& plan, float* out, const float* a, const float* b,
                      ZeroPoint zeroOfA, ZeroPoint zeroOfB, std::int16_t* scratch) {
    const auto [rows, columns, inner] = std::array{plan.rows, plan.columns, plan.inner};
    auto* left = scratch;
    auto* right = scratch + rows * inner; // transposed
    for (std::size_t stack = 0; stack < plan.stacks.size(); ++stack) {
        const auto* from = a + plan.stacks[stack][0] * rows * inner;
        const auto* other = b + plan.stacks[stack][1] * inner * columns;
        for (std::size_t i = 0; i < rows * inner; ++i)
            left[i] = shifted(from[i], zeroOfA.of(i / inner));
        for (std::size_t k = 0; k < inner; ++k)
            for (std::size_t n = 0; n < columns; ++n)
                right[n * inner + k] = shifted(other[k * columns + n], zeroOfB.of(n));
        multiplyRows(out + stack * rows * columns, left, rows, right, columns, inner);
    }
}

IntegerConvPlan::IntegerConvPlan(const ConvIntegerOp& what, const Shape& x, const Shape& taps,
                                 const Shape& made)
    : op(what)
    , samples(static_cast<std::size_t>(x[0]))
    , channels(static_cast<std::size_t>(taps[1]))
    , outChannels(static_cast<std::size_t>(taps[0])) {
    for (std::size_t axis = 2; axis < x.rank(); ++axis) {
        in[axis - 2] = x[axis];
        kernel[axis - 2] = taps[axis];
        out[axis - 2] = made[axis];
    }
}

namespace {

/// The place that a tap of the kernel reads at a position of the output, or -1 in the padding.
std::int64_t placeRead(const IntegerConvPlan& plan, std::size_t position, std::size_t tap) {
    std::int64_t place = 0;
    std::int64_t stride = 1;
    auto restOfPosition = static_cast<std::int64_t>(position);
    auto restOfTap = static_cast<std::int64_t>(tap);
    for (std::size_t axis = 3; axis-- > 0;) {
        const auto at = restOfPosition % plan.out[axis] * plan.op.stride[axis] +
                        restOfTap % plan.kernel[axis] * plan.op.dilation[axis] -
                        plan.op.padding.before(axis);
        if (at < 0 || at >= plan.in[axis])
            return -1;
        place += at * stride;
        stride *= plan.in[axis];
        restOfPosition /= plan.out[axis];
        restOfTap /= plan.kernel[axis];
    }
    return place;
}

/// What each position reads of a group's channels: [positions, channels, taps].
void gatherColumns(const IntegerConvPlan& plan, std::int16_t* columns, const float* x,
                   std::int16_t zero) {
    const auto taps = static_cast<std::size_t>(plan.kernel.product());
    const auto plane = static_cast<std::size_t>(plan.in.product());
    const auto grain = std::max<std::size_t>(kGrain / plan.terms(), 1);
    forChunks(plan.positions(), grain, [&](std::size_t begin, std::size_t end) {
        for (auto position = begin; position < end; ++position)
            for (std::size_t tap = 0; tap < taps; ++tap) {
                const auto place = placeRead(plan, position, tap);
                auto* to = columns + position * plan.terms() + tap;
                for (std::size_t c = 0; c < plan.channels; ++c, to += taps)
                    *to = place < 0 ? std::int16_t{0}
                                    : shifted(x[c * plane + static_cast<std::size_t>(place)], zero);
            }
    });
}

} // namespace

void convolveIntegers(const IntegerConvPlan& plan, float* out, const float* x, const float* kernel,
                      ZeroPoint zeroOfX, ZeroPoint zeroOfKernel, std::int16_t* scratch) {
    auto* weights = scratch;
    auto* columns = scratch + plan.outChannels * plan.terms();
    for (std::size_t i = 0; i < plan.outChannels * plan.terms(); ++i)
        weights[i] = shifted(kernel[i], zeroOfKernel.of(i / plan.terms()));
    const auto groups = static_cast<std::size_t>(plan.op.groups);
    const auto outputs = plan.outChannels / groups;
    const auto planes = plan.channels * static_cast<std::size_t>(plan.in.product());
    for (std::size_t block = 0; block < plan.samples * groups; ++block) {
        gatherColumns(plan, columns, x + block * planes, zeroOfX.of(0));
        multiplyRows(out + block * outputs * plan.positions(),
                     weights + block % groups * outputs * plan.terms(), outputs, columns,
                     plan.positions(), plan.terms());
    }
}

} // namespace gradwright::onednn
