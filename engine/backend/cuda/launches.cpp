// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/launches.h"

#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/cuda/kernels/product.h"
#include "engine/backend/cuda/kernels/tensor.h"

#include <algorithm>
#include <limits>

namespace gradwright::cuda {
namespace {

/// The depth of a product is cut into parts while its tiles alone are fewer than that many blocks.
constexpr std::int64_t kWantedBlocks = 256;
/// Never into parts of less than that.
constexpr std::int64_t kLeastDepth = 256;
constexpr std::int64_t kMostStacked = 65535; ///< of a grid's third axis
/// The same for sums.
constexpr std::int64_t kWantedSumBlocks = 512;
constexpr std::int64_t kLeastSummed = 2048;
constexpr std::int64_t kMostSumParts = 256;

} // namespace

std::uint32_t count32(std::int64_t count) {
    if (count < 0 || count > std::numeric_limits<std::int32_t>::max())
        throw Error("an array of {} rows is too large for a GPU's kernels", count);
    return static_cast<std::uint32_t>(count);
}

unsigned tilesOf(std::int64_t size) {
    return count32((size + kTile - 1) / kTile);
}

void countTiles(PreparedLaunch& launch, std::int64_t rows, std::int64_t columns, std::int64_t depth,
                std::int64_t stack, Precision format) {
    const std::int64_t down = tilesOf(rows);
    const std::int64_t across = tilesOf(columns);
    const auto lines = rows * across + columns * down;
    launch.cost.tileBytes += static_cast<std::size_t>(lines * depth * stack) * sizeof(float);
    launch.cost.format = format;
    launch.cost.tileOperations += 2 * down * kTile * across * kTile * depth * stack;
}

std::uint32_t partsFor(std::int64_t rows, std::int64_t columns, std::int64_t stack,
                       std::int64_t depth) {
    const auto blocks = static_cast<std::int64_t>(tilesOf(rows)) * tilesOf(columns) * stack;
    const auto wanted =
        std::min(kWantedBlocks / std::max<std::int64_t>(blocks, 1), depth / kLeastDepth);
    return count32(std::max<std::int64_t>(wanted, 1));
}

Precision productFormat(Precision precision, ProductOf of) {
    return of == ProductOf::Layer || precision == Precision::Tf32 ? precision : Precision::F32;
}

const ProductKernels& productKernels(Precision format) {
    static constexpr ProductKernels single{kernel::multiply, kernel::convolve, kernel::convolveBack,
                                           kernel::kernelGradient};
    static constexpr ProductKernels bf16{kernel::multiplyBf16, kernel::convolveBf16,
                                         kernel::convolveBackBf16, kernel::kernelGradientBf16};
    static constexpr ProductKernels f16{kernel::multiplyF16, kernel::convolveF16,
                                        kernel::convolveBackF16, kernel::kernelGradientF16};
    static constexpr ProductKernels tf32{kernel::multiplyTf32, kernel::convolveTf32,
                                         kernel::convolveBackTf32, kernel::kernelGradientTf32};
    switch (format) {
    case Precision::Bf16:
        return bf16;
    case Precision::F16:
        return f16;
    case Precision::Tf32:
        return tf32;
    case Precision::F32:
    case Precision::F64:
        break;
    }
    return single;
}

void multiply(Lowering& lowering, ProductOf of, const float* a, const float* b, const float* bias,
              float* c, ProductShape shape) {
    const auto format = productFormat(lowering.precision(), of);
    const auto& kernels = productKernels(format);
    std::int64_t stack = 1;
    for (int axis = 0; axis < shape.aStack.rank; ++axis)
        stack *= shape.aStack.length[axis];
    const auto size = static_cast<std::int64_t>(shape.rows) * shape.columns;
    const auto launchFor = [&] {
        return Launch{{tilesOf(shape.rows), tilesOf(shape.columns),
                       count32(std::clamp<std::int64_t>(stack * shape.parts, 1, kMostStacked))},
                      {kBlockThreads}};
    };
    shape.parts = bias || stack > 1 ? 1 : partsFor(shape.rows, shape.columns, stack, shape.depth);
    const auto launchInto = [&](float* to) {
        countTiles(lowering.launch(kernels.multiply, launchFor(), a, b, bias, to, shape),
                   shape.rows, shape.columns, shape.depth, stack, format);
    };
    if (shape.parts == 1) {
        launchInto(c);
        return;
    }
    shape.cStack = size;
    const auto mark = lowering.scratchUsed();
    auto* parts = lowering.scratch<float>(static_cast<std::size_t>(size) * shape.parts);
    launchInto(parts);
    lowering.launch(kernel::addParts, Lowering::forElements(static_cast<std::size_t>(size)), parts,
                    c, static_cast<std::uint64_t>(size), shape.parts);
    lowering.reuseScratch(mark);
}

ChannelShape channelsOf(const Shape& shape) {
    const auto batch = shape[0];
    const auto channels = shape[1];
    const auto positions = batch * channels > 0 ? shape.elements() / (batch * channels) : 0;
    ChannelShape result;
    result.batch = count32(positions > 0 ? batch : 0);
    result.channels = count32(channels);
    result.positions = count32(std::max<std::int64_t>(positions, 1));
    result.parts = partsOfSums(channels, batch * positions);
    return result;
}

std::uint32_t partsOfSums(std::int64_t blocks, std::int64_t count) {
    const auto wanted =
        std::min(kWantedSumBlocks / std::max<std::int64_t>(blocks, 1), count / kLeastSummed);
    return count32(std::clamp<std::int64_t>(wanted, 1, kMostSumParts));
}

PartedSums::PartedSums(Lowering& lowering, float* sums, std::int64_t size, std::uint32_t parts)
    : lowering_(lowering)
    , sums_(sums)
    , parts_(sums)
    , size_(static_cast<std::uint64_t>(size))
    , count_(parts) {
    if (sums && parts > 1)
        parts_ = lowering.scratch<float>(static_cast<std::size_t>(size) * parts);
}

void PartedSums::add() const {
    if (parts_ != sums_)
        lowering_.launch(kernel::addParts, Lowering::forElements(size_), parts_, sums_, size_,
                         count_);
}

unsigned threadsFor(std::int64_t length) {
    constexpr std::int64_t kWarp = 32;
    return count32(
        std::clamp<std::int64_t>((length + kWarp - 1) / kWarp * kWarp, kWarp, kBlockThreads));
}

void copyElements(Lowering& lowering, const float* from, float* to, std::size_t size) {
    ElementAxes axes;
    axes.rank = 1;
    axes.elements = size;
    axes.length[0] = count32(static_cast<std::int64_t>(size));
    Operand operand{from, 0, {}};
    operand.stride[0] = 1;
    Strided strides;
    strides.rank = 1;
    strides.length[0] = axes.length[0];
    strides.stride[0] = 1;
    lowering.launch(kernel::copyAlong, Lowering::forElements(size), operand, to, axes, strides);
}

} // namespace gradwright::cuda
