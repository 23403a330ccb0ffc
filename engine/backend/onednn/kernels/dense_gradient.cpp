// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/dense_gradient.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <omp.h>

#include <algorithm>
#include <array>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kLanes = 16;
/// The layout: units that lie together, and what inputs are padded to.
constexpr std::size_t kUnitsOfBlock = 64;
constexpr std::size_t kInputsOfBlock = 16;
constexpr std::size_t kVectors = kUnitsOfBlock / kLanes;
/// So that the sums of a tile, with 64 units, fill the processor's registers.
constexpr std::size_t kInputsOfTile = 6;
/// Their gradients, 16 KB, stay in the first cache while all tiles pass.
constexpr std::size_t kRowsOfBlock = 64;
/// Their sums stay in the second cache while all rows pass.
constexpr std::size_t kInputsOfChunk = 512;

/// The gradient of one block of units: rows × 64.
using PackedGradient = std::array<float, kRowsOfBlock * kUnitsOfBlock>;

struct Tile {
    const float* source;
    std::size_t stride; ///< of a row
    std::size_t rows;
    bool isFirst; ///< or adds to what is there
};

/// kernel[i][64] += sum over rows of source[row][i] · packed[row][64].
template <std::size_t Inputs>
__attribute__((target("avx512f"))) void addTile(const Tile& tile, const float* packed,
                                                float* kernel) {
    __m512 sums[Inputs][kVectors]; // NOLINT(*-avoid-c-arrays): registers
#pragma GCC unroll 8
    for (std::size_t i = 0; i < Inputs; ++i)
#pragma GCC unroll 8
        for (std::size_t v = 0; v < kVectors; ++v)
            sums[i][v] = tile.isFirst ? _mm512_setzero_ps()
                                      : _mm512_loadu_ps(kernel + i * kUnitsOfBlock + v * kLanes);
    const float* source = tile.source;
    for (std::size_t row = 0; row < tile.rows; ++row) {
        // Rows are too far apart for the processor to see the pattern.
        _mm_prefetch(reinterpret_cast<const char*>(source + kLanes), _MM_HINT_T0);
        const auto g0 = _mm512_loadu_ps(packed);
        const auto g1 = _mm512_loadu_ps(packed + kLanes);
        const auto g2 = _mm512_loadu_ps(packed + 2 * kLanes);
        const auto g3 = _mm512_loadu_ps(packed + 3 * kLanes);
#pragma GCC unroll 8
        for (std::size_t i = 0; i < Inputs; ++i) {
            const auto x = _mm512_set1_ps(source[i]);
            sums[i][0] = _mm512_fmadd_ps(x, g0, sums[i][0]);
            sums[i][1] = _mm512_fmadd_ps(x, g1, sums[i][1]);
            sums[i][2] = _mm512_fmadd_ps(x, g2, sums[i][2]);
            sums[i][3] = _mm512_fmadd_ps(x, g3, sums[i][3]);
        }
        packed += kUnitsOfBlock;
        source += tile.stride;
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < Inputs; ++i)
#pragma GCC unroll 8
        for (std::size_t v = 0; v < kVectors; ++v)
            _mm512_storeu_ps(kernel + i * kUnitsOfBlock + v * kLanes, sums[i][v]);
}

void addTiles(const Tile& first, std::size_t inputs, const float* packed, float* kernel) {
    auto tile = first;
    const auto step = [&](std::size_t count) {
        tile.source += count;
        kernel += count * kUnitsOfBlock;
        inputs -= count;
    };
    for (; inputs >= kInputsOfTile; step(kInputsOfTile))
        addTile<kInputsOfTile>(tile, packed, kernel);
    for (; inputs >= 2; step(2))
        addTile<2>(tile, packed, kernel);
    for (; inputs >= 1; step(1))
        addTile<1>(tile, packed, kernel);
}

/// Rows of one block of units, one after the other; zero beyond the last unit.
void pack(const DenseGradientInputs& in, std::size_t firstRow, std::size_t rows,
          std::size_t firstUnit, PackedGradient& packed) {
    const auto units = std::min(kUnitsOfBlock, in.units - firstUnit);
    for (std::size_t row = 0; row < rows; ++row) {
        auto* to = packed.data() + row * kUnitsOfBlock;
        std::copy_n(in.gradient + (firstRow + row) * in.units + firstUnit, units, to);
        std::fill(to + units, to + kUnitsOfBlock, 0.0F);
    }
}

/// sums[64] += packed[row][64], row by row.
__attribute__((target("avx512f"))) void addRows(const float* packed, std::size_t rows,
                                                float* sums) {
    for (std::size_t v = 0; v < kVectors; ++v) {
        auto sum = _mm512_loadu_ps(sums + v * kLanes);
        for (std::size_t row = 0; row < rows; ++row)
            sum = _mm512_add_ps(sum, _mm512_loadu_ps(packed + row * kUnitsOfBlock + v * kLanes));
        _mm512_storeu_ps(sums + v * kLanes, sum);
    }
}

/// A chunk of inputs of one block of units.
struct Part {
    std::size_t firstUnit, firstInput, inputs;
};

std::size_t blocksOf(const DenseGradientInputs& in) {
    return (in.units + kUnitsOfBlock - 1) / kUnitsOfBlock;
}

/// Inputs of a chunk, so that all shares get as many.
std::size_t chunkWidth(const DenseGradientInputs& in, std::size_t shares) {
    auto chunks = (in.inputs + kInputsOfChunk - 1) / kInputsOfChunk;
    while (blocksOf(in) * chunks % shares != 0)
        ++chunks;
    const auto tiles = (in.inputs + kInputsOfTile - 1) / kInputsOfTile;
    return (tiles + chunks - 1) / chunks * kInputsOfTile;
}

void computePart(const DenseGradientInputs& in, const Part& part, float* kernel, float* bias) {
    alignas(64) PackedGradient packed;
    const auto padded = (in.inputs + kInputsOfBlock - 1) / kInputsOfBlock * kInputsOfBlock;
    auto* block = kernel + part.firstUnit * padded;
    std::array<float, kUnitsOfBlock> sums{};
    for (std::size_t row = 0; row < in.rows; row += kRowsOfBlock) {
        const auto rows = std::min(kRowsOfBlock, in.rows - row);
        pack(in, row, rows, part.firstUnit, packed);
        addTiles({in.source + row * in.inputs + part.firstInput, in.inputs, rows, row == 0},
                 part.inputs, packed.data(), block + part.firstInput * kUnitsOfBlock);
        if (part.firstInput == 0 && bias)
            addRows(packed.data(), rows, sums.data());
    }
    if (part.firstInput > 0)
        return;
    if (bias)
        std::copy_n(sums.data(), std::min(kUnitsOfBlock, in.units - part.firstUnit),
                    bias + part.firstUnit);
    std::fill_n(block + in.inputs * kUnitsOfBlock, (padded - in.inputs) * kUnitsOfBlock, 0.0F);
}

} // namespace

bool hasDenseGradient() {
    return __builtin_cpu_supports("avx512f");
}

void denseGradient(const DenseGradientInputs& in, float* kernel, float* bias) {
    const auto shares = static_cast<std::size_t>(omp_get_max_threads());
    const auto tasks = static_cast<std::ptrdiff_t>(denseGradientTasks(in, shares));
#pragma omp parallel for schedule(static) if (tasks > 1)
    for (std::ptrdiff_t task = 0; task < tasks; ++task)
        denseGradientTask(in, shares, static_cast<std::size_t>(task), kernel, bias);
}

std::size_t denseGradientTasks(const DenseGradientInputs& in, std::size_t shares) {
    const auto width = chunkWidth(in, shares);
    return blocksOf(in) * ((in.inputs + width - 1) / width);
}

void denseGradientTask(const DenseGradientInputs& in, std::size_t shares, std::size_t task,
                       float* kernel, float* bias) {
    const auto width = chunkWidth(in, shares);
    const auto first = task / blocksOf(in) * width;
    computePart(in,
                {task % blocksOf(in) * kUnitsOfBlock, first, std::min(width, in.inputs - first)},
                kernel, bias);
}

bool isDenseGradientLayout(const MemoryDesc& kernel) {
    return kernel == taggedDesc(dimsOf(kernel), dnnl::memory::format_tag::AB16b64a);
}

} // namespace gradwright::onednn

#else

#include "engine/support/error.h"

namespace gradwright::onednn {

bool hasDenseGradient() {
    return false;
}

void denseGradient(const DenseGradientInputs&, float*, float*) {
    throw Error("this processor has no AVX-512");
}

std::size_t denseGradientTasks(const DenseGradientInputs&, std::size_t) {
    return 0;
}

void denseGradientTask(const DenseGradientInputs& in, std::size_t, std::size_t, float* kernel,
                       float* bias) {
    denseGradient(in, kernel, bias);
}

bool isDenseGradientLayout(const MemoryDesc&) {
    return false;
}

} // namespace gradwright::onednn

#endif
