// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/byte_product.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/simd.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 32768;   // products
constexpr std::size_t kPiece = 512;     // terms: sums of them are below 2^31
constexpr std::size_t kPositions = 16;  // of a tile
constexpr std::size_t kOutputs = 128;   // of a tile
constexpr std::size_t kRows = 4;        // outputs whose sums are made side by side
constexpr std::size_t kColumns = 2;     // positions of these
constexpr std::size_t kShortRun = 16;   // elements that a call would cost more than
constexpr std::size_t kDepthwise = 256; // channels of a tile

/// Rounds with halves to the even number: where FP32 counts by ones, a sum is rounded so.
constexpr float kCountsByOnes = 12582912.0F; // 1.5 · 2^23
constexpr float kBeyondBytes = 1024.0F;

template <class Byte>
GRADWRIGHT_CLONES void widenRun(std::int16_t* out, const Byte* in, std::size_t size,
                                std::int16_t zero) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::int16_t>(in[i] - zero);
}

template <class Byte>
void widen(std::int16_t* out, const Byte* in, std::size_t size, std::int16_t zero) {
    if (size >= kShortRun)
        return widenRun(out, in, size, zero);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::int16_t>(in[i] - zero);
}

/// Adds to sums[row · kColumns + column] the products of kRows rows of the kernel with two columns,
/// each kPiece apart.
GRADWRIGHT_CLONES
void addTwoColumns(std::int32_t* sums, const std::int16_t* kernel, const std::int16_t* x,
                   std::size_t size) {
    const auto* k0 = kernel;
    const auto* k1 = kernel + kPiece;
    const auto* k2 = kernel + 2 * kPiece;
    const auto* k3 = kernel + 3 * kPiece;
    const auto* x0 = x;
    const auto* x1 = x + kPiece;
    std::int32_t s00 = 0, s01 = 0, s10 = 0, s11 = 0, s20 = 0, s21 = 0, s30 = 0, s31 = 0;
    for (std::size_t i = 0; i < size; ++i) {
        s00 += std::int32_t{k0[i]} * std::int32_t{x0[i]};
        s01 += std::int32_t{k0[i]} * std::int32_t{x1[i]};
        s10 += std::int32_t{k1[i]} * std::int32_t{x0[i]};
        s11 += std::int32_t{k1[i]} * std::int32_t{x1[i]};
        s20 += std::int32_t{k2[i]} * std::int32_t{x0[i]};
        s21 += std::int32_t{k2[i]} * std::int32_t{x1[i]};
        s30 += std::int32_t{k3[i]} * std::int32_t{x0[i]};
        s31 += std::int32_t{k3[i]} * std::int32_t{x1[i]};
    }
    const std::array made{s00, s01, s10, s11, s20, s21, s30, s31};
    for (std::size_t i = 0; i < made.size(); ++i)
        sums[i] = made[i];
}

/// The same of one column; the sums of the other one stay.
GRADWRIGHT_CLONES
void addOneColumn(std::int32_t* sums, const std::int16_t* kernel, const std::int16_t* x,
                  std::size_t size) {
    const auto* k0 = kernel;
    const auto* k1 = kernel + kPiece;
    const auto* k2 = kernel + 2 * kPiece;
    const auto* k3 = kernel + 3 * kPiece;
    std::int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (std::size_t i = 0; i < size; ++i) {
        s0 += std::int32_t{k0[i]} * std::int32_t{x[i]};
        s1 += std::int32_t{k1[i]} * std::int32_t{x[i]};
        s2 += std::int32_t{k2[i]} * std::int32_t{x[i]};
        s3 += std::int32_t{k3[i]} * std::int32_t{x[i]};
    }
    sums[0] = s0;
    sums[kColumns] = s1;
    sums[2 * kColumns] = s2;
    sums[3 * kColumns] = s3;
}

GRADWRIGHT_CLONES
void addTap(std::int32_t* sums, const std::int16_t* x, const std::int8_t* kernel,
            std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        sums[i] += std::int32_t{x[i]} * std::int32_t{kernel[i]};
}

/// What follows the sums, without the type of the results. `addend` may be null.
struct FinishedRun {
    const float* multipliers;
    const float* addend;
    float addendFactor, least, most, resultFactor;
};

GRADWRIGHT_CLONES
void finishRun(const FinishedRun& how, float* values, std::size_t size) {
    const auto cut = [least = how.least, most = how.most](float y) {
        y = y < least ? least : y;
        return most < y ? most : y;
    };
    if (how.addend) {
        for (std::size_t i = 0; i < size; ++i)
            values[i] =
                cut(std::fma(how.addend[i], how.addendFactor, values[i] * how.multipliers[i])) *
                how.resultFactor;
        return;
    }
    for (std::size_t i = 0; i < size; ++i) // 0 has no sign, as where something is added
        values[i] = cut(values[i] * how.multipliers[i] + 0.0F) * how.resultFactor;
}

template <class Byte>
GRADWRIGHT_CLONES void roundRun(Byte* out, const float* values, std::size_t size, float zero) {
    constexpr float least = std::numeric_limits<Byte>::min();
    constexpr float most = std::numeric_limits<Byte>::max();
    for (std::size_t i = 0; i < size; ++i) {
        float x = values[i] + zero;
        x = x > -kBeyondBytes ? x : -kBeyondBytes;
        x = x < kBeyondBytes ? x : kBeyondBytes;
        x = (x + kCountsByOnes) - kCountsByOnes;
        x = x > least ? x : least;
        x = x < most ? x : most;
        out[i] = static_cast<Byte>(static_cast<std::int32_t>(x));
    }
}

template <class Element>
GRADWRIGHT_CLONES void shiftRun(float* out, const Element* in, std::size_t size, float zero) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<float>(in[i]) - zero;
}

const std::uint8_t* unsignedAt(const std::byte* memory) {
    return reinterpret_cast<const std::uint8_t*>(memory);
}
const std::int8_t* signedAt(const std::byte* memory) {
    return reinterpret_cast<const std::int8_t*>(memory);
}

/// What lies between two places of a range.
struct Part {
    std::size_t begin, end;

    [[nodiscard]] std::size_t size() const { return end - begin; }
};

class ByteMultiplier {
public:
    ByteMultiplier(const ByteProductPlan& plan, const ByteProductTensors& tensors)
        : plan_(plan)
        , tensors_(tensors)
        , allOutputs_(plan.groups * plan.outputs)
        , allChannels_(plan.groups * plan.channels)
        , places_(static_cast<std::size_t>(plan.in.product())) {}

    /// The sums of some outputs of a group at some positions.
    void multiplyTile(std::size_t sample, std::size_t group, Part positions, Part outputs) const {
        std::array<std::int64_t, kPositions * kOutputs> sums; // [positions, outputs]
        std::array<std::int16_t, kPositions * kPiece> columns;
        std::array<std::int16_t, kRows * kPiece> kernel;
        std::fill_n(sums.begin(), positions.size() * outputs.size(), 0);
        for (std::size_t first = 0; first < plan_.terms(); first += kPiece) {
            const Part terms{first, std::min(first + kPiece, plan_.terms())};
            for (auto p = positions.begin; p < positions.end; ++p)
                gather(columns.data() + (p - positions.begin) * kPiece, {sample, group, p}, terms);
            for (auto o = outputs.begin; o < outputs.end; o += kRows) {
                const auto rows = std::min(kRows, outputs.end - o);
                for (std::size_t row = 0; row < kRows;
                     ++row) // the last one stands for further ones
                    widen(kernel.data() + row * kPiece,
                          tensors_.kernel +
                              (group * plan_.outputs + o + std::min(row, rows - 1)) *
                                  plan_.terms() +
                              first,
                          terms.size(), 0);
                for (std::size_t p = 0; p < positions.size(); p += kColumns) {
                    const auto count = std::min(kColumns, positions.size() - p);
                    std::array<std::int32_t, kRows * kColumns> made;
                    const auto* x = columns.data() + p * kPiece;
                    if (count == kColumns)
                        addTwoColumns(made.data(), kernel.data(), x, terms.size());
                    else
                        addOneColumn(made.data(), kernel.data(), x, terms.size());
                    for (std::size_t row = 0; row < rows; ++row)
                        for (std::size_t column = 0; column < count; ++column)
                            sums[(p + column) * outputs.size() + o - outputs.begin + row] +=
                                made[row * kColumns + column];
                }
            }
        }
        std::array<float, kOutputs> values;
        for (std::size_t p = 0; p < positions.size(); ++p) {
            for (std::size_t o = 0; o < outputs.size(); ++o)
                values[o] = static_cast<float>(sums[p * outputs.size() + o]);
            finish(values.data(), sample * plan_.positions() + positions.begin + p,
                   {group * plan_.outputs + outputs.begin, group * plan_.outputs + outputs.end});
        }
    }

    /// The same where each output has one channel, at one position.
    void multiplyDepthwise(std::size_t sample, std::size_t position, Part outputs) const {
        std::array<std::int32_t, kDepthwise> sums;
        std::array<std::int16_t, kDepthwise> x;
        std::array<float, kDepthwise> values;
        std::fill_n(sums.begin(), outputs.size(), 0);
        const auto origin = originOf(position);
        for (std::size_t tap = 0; tap < plan_.taps.size(); ++tap) {
            const auto place = placeOf(origin, tap);
            if (place < 0)
                continue;
            read(x.data(), placeOfX(sample, place) + outputs.begin, outputs.size());
            addTap(sums.data(), x.data(), tensors_.kernel + tap * allOutputs_ + outputs.begin,
                   outputs.size());
        }
        for (std::size_t o = 0; o < outputs.size(); ++o)
            values[o] = static_cast<float>(sums[o]);
        finish(values.data(), sample * plan_.positions() + position, outputs);
    }

private:
    struct Column {
        std::size_t sample, group, position;
    };

    /// Where the window begins along each axis.
    [[nodiscard]] std::array<std::int64_t, 3> originOf(std::size_t position) const {
        std::array<std::int64_t, 3> origin{};
        auto rest = static_cast<std::int64_t>(position);
        for (std::size_t axis = 3; axis-- > 0;) {
            origin[axis] = rest % plan_.out[axis] * plan_.stride[axis] - plan_.padding.before(axis);
            rest /= plan_.out[axis];
        }
        return origin;
    }
    /// The position of x that a tap reads, or -1 in the padding.
    [[nodiscard]] std::int64_t placeOf(const std::array<std::int64_t, 3>& origin,
                                       std::size_t tap) const {
        std::int64_t place = 0;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const auto at = origin[axis] + plan_.taps[tap][axis];
            if (at < 0 || at >= plan_.in[axis])
                return -1;
            place = place * plan_.in[axis] + at;
        }
        return place;
    }
    [[nodiscard]] std::size_t placeOfX(std::size_t sample, std::int64_t place) const {
        return (sample * places_ + static_cast<std::size_t>(place)) * allChannels_;
    }
    /// Elements of x without its zero point.
    void read(std::int16_t* to, std::size_t first, std::size_t size) const {
        if (plan_.typeOfX == DType::U8)
            widen(to, unsignedAt(tensors_.x + first), size, plan_.zeroOfX);
        else
            widen(to, signedAt(tensors_.x + first), size, plan_.zeroOfX);
    }
    /// Terms of what a position reads of a group, in the order of the kernel's.
    void gather(std::int16_t* to, const Column& column, Part terms) const {
        const auto origin = originOf(column.position);
        for (auto term = terms.begin; term < terms.end;) {
            const auto tap = term / plan_.channels;
            const auto channel = term % plan_.channels;
            const auto size = std::min(plan_.channels - channel, terms.end - term);
            if (const auto place = placeOf(origin, tap); place < 0)
                std::fill_n(to, size, std::int16_t{0});
            else
                read(to, placeOfX(column.sample, place) + column.group * plan_.channels + channel,
                     size);
            to += size;
            term += size;
        }
    }

    /// Results of the sums of some outputs, which `values` holds, at one of all positions.
    void finish(float* values, std::size_t position, Part outputs) const {
        const auto size = outputs.size();
        const auto first = position * allOutputs_ + outputs.begin;
        if (tensors_.bias)
            for (std::size_t i = 0; i < size; ++i)
                values[i] += tensors_.bias[outputs.begin + i];
        std::array<float, std::max(kOutputs, kDepthwise)> addend;
        if (tensors_.addend)
            readAddend(addend.data(), first, size);
        if (plan_.cutsOff)
            finishRun({.multipliers = plan_.scaling.multipliers.data() + outputs.begin,
                       .addend = tensors_.addend ? addend.data() : nullptr,
                       .addendFactor = plan_.scaling.addendFactor,
                       .least = plan_.least,
                       .most = plan_.most,
                       .resultFactor = plan_.scaling.resultFactor},
                      values, size);
        else
            for (std::size_t i = 0; i < size; ++i)
                values[i] = plan_.finisher(outputs.begin + i, values[i],
                                           tensors_.addend ? addend[i] : 0.0F);
        // The finisher has rounded already, and added the zero point.
        const float zero = plan_.cutsOff ? plan_.zeroOfResult : 0.0F;
        if (plan_.typeOfResult == DType::F32)
            std::copy_n(values, size, reinterpret_cast<float*>(tensors_.out) + first);
        else if (plan_.typeOfResult == DType::U8)
            roundRun(reinterpret_cast<std::uint8_t*>(tensors_.out) + first, values, size, zero);
        else
            roundRun(reinterpret_cast<std::int8_t*>(tensors_.out) + first, values, size, zero);
    }
    void readAddend(float* to, std::size_t first, std::size_t size) const {
        const auto* from = tensors_.addend;
        if (plan_.typeOfAddend == DType::F32)
            shiftRun(to, reinterpret_cast<const float*>(from) + first, size, 0.0F);
        else if (plan_.typeOfAddend == DType::U8)
            shiftRun(to, unsignedAt(from) + first, size, plan_.zeroOfAddend);
        else
            shiftRun(to, signedAt(from) + first, size, plan_.zeroOfAddend);
    }

    const ByteProductPlan& plan_;
    const ByteProductTensors& tensors_;
    std::size_t allOutputs_, allChannels_; ///< of all groups
    std::size_t places_;                   ///< positions of x
};

std::size_t pieces(std::size_t size, std::size_t each) {
    return (size + each - 1) / each;
}
Part pieceOf(std::size_t number, std::size_t each, std::size_t size) {
    return {number * each, std::min((number + 1) * each, size)};
}

} // namespace

ByteProductPlan::ByteProductPlan(const QuantizedProductOp& op, const ConvOp& window, const Shape& x,
                                 const Shape& kernel, const Shape& made)
    : finisher(op)
    , scaling(scalingOf(op))
    , typeOfX(op.x.type)
    , typeOfAddend(op.addend ? op.addend->type : DType::F32)
    , typeOfResult(op.result ? op.result->type : DType::F32)
    , zeroOfX(static_cast<std::int16_t>(op.x.zero))
    , zeroOfAddend(op.addend ? static_cast<float>(op.addend->zero) : 0.0F)
    , zeroOfResult(op.result ? static_cast<float>(op.result->zero) : 0.0F)
    , samples(static_cast<std::size_t>(x[0]))
    , groups(static_cast<std::size_t>(window.groups))
    , channels(static_cast<std::size_t>(kernel[1]))
    , outputs(static_cast<std::size_t>(kernel[0] / window.groups))
    , stride(window.stride)
    , padding(window.padding) {
    constexpr float unlimited = std::numeric_limits<float>::infinity();
    const auto kind = op.activation.kind;
    cutsOff = kind == ActivationKind::Identity || kind == ActivationKind::Relu ||
              kind == ActivationKind::Relu6;
    least = kind == ActivationKind::Identity ? -unlimited : 0.0F;
    most = kind == ActivationKind::Relu6 ? 6.0F : unlimited;
    Extents lengths;
    for (std::size_t axis = 2; axis < x.rank(); ++axis) {
        in[axis - 2] = x[axis];
        out[axis - 2] = made[axis];
        lengths[axis - 2] = kernel[axis];
    }
    for (std::int64_t i = 0; i < lengths[0]; ++i)
        for (std::int64_t j = 0; j < lengths[1]; ++j)
            for (std::int64_t k = 0; k < lengths[2]; ++k)
                taps.push_back(
                    {i * window.dilation[0], j * window.dilation[1], k * window.dilation[2]});
}

void multiplyBytes(const ByteProductPlan& plan, const ByteProductTensors& tensors) {
    const ByteMultiplier multiplier(plan, tensors);
    const auto positions = plan.positions();
    if (plan.isDepthwise()) {
        const auto tiles = pieces(plan.groups, kDepthwise);
        const auto each = std::min(plan.groups, kDepthwise) * plan.taps.size();
        forChunks(plan.samples * positions * tiles, std::max<std::size_t>(kGrain / each, 1),
                  [&](std::size_t begin, std::size_t end) {
                      for (auto i = begin; i < end; ++i)
                          multiplier.multiplyDepthwise(i / tiles / positions, i / tiles % positions,
                                                       pieceOf(i % tiles, kDepthwise, plan.groups));
                  });
        return;
    }
    const auto ofPositions = pieces(positions, kPositions);
    const auto ofOutputs = pieces(plan.outputs, kOutputs);
    const auto each =
        std::min(positions, kPositions) * std::min(plan.outputs, kOutputs) * plan.terms();
    forChunks(plan.samples * plan.groups * ofPositions * ofOutputs,
              std::max<std::size_t>(kGrain / std::max<std::size_t>(each, 1), 1),
              [&](std::size_t begin, std::size_t end) {
                  for (auto i = begin; i < end; ++i) {
                      const auto tile = i / ofOutputs;
                      const auto block = tile / ofPositions;
                      multiplier.multiplyTile(block / plan.groups, block % plan.groups,
                                              pieceOf(tile % ofPositions, kPositions, positions),
                                              pieceOf(i % ofOutputs, kOutputs, plan.outputs));
                  }
              });
}

} // namespace gradwright::onednn
