// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/batch_norm.h"

#include "engine/support/simd.h"

#include <algorithm>
#include <array>
#include <limits>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kLanes = 16; // a tile's width, so that its loops become vector code
constexpr std::size_t kRows = 4;   // sums side by side
/// Rows that are summed in FP32 before they are added up in double.
constexpr std::size_t kRun = 2048;

using Lanes = std::array<float, kLanes>;
using LaneSums = std::array<double, kLanes>;
using RowSums = std::array<float, kRows * kLanes>;

/// Rows of `width` numbers, `stride` apart.
struct Tile {
    std::size_t offset, rows, stride, width;
};

/// Up to kLanes channels that lie side by side, or a single channel whose numbers do.
class Column {
public:
    Column(const ChannelView& view, std::size_t block, std::size_t lane)
        : view_(view)
        , block_(block)
        , lane_(lane)
        , channel_(block * view.lanes + lane)
        , width_(std::min(kLanes, view.lanes - lane)) {}

    template <class Visit>
    void forTiles(const Visit& visit) const {
        for (std::size_t sample = 0; sample < view_.batch; ++sample) {
            const auto offset = view_.offset(sample, block_) + lane_;
            if (!isSingle()) {
                cut(visit, {offset, view_.positions, view_.lanes, width_});
                continue;
            }
            const auto whole = view_.positions / kLanes;
            cut(visit, {offset, whole, kLanes, kLanes});
            if (const auto rest = view_.positions % kLanes; rest > 0)
                visit(Tile{offset + whole * kLanes, 1, kLanes, rest});
        }
    }

    /// A number of each channel, by lane.
    [[nodiscard]] Lanes load(const float* values) const {
        Lanes lanes{};
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            if (isSingle() || lane < width_)
                lanes[lane] = values[isSingle() ? channel_ : channel_ + lane];
        return lanes;
    }

    void store(float* values, const LaneSums& sums, double factor = 1) const {
        double all = 0;
        for (const double sum : sums)
            all += sum;
        for (std::size_t lane = 0; lane < width_; ++lane)
            values[channel_ + lane] = static_cast<float>((isSingle() ? all : sums[lane]) * factor);
    }

private:
    [[nodiscard]] bool isSingle() const { return view_.lanes == 1; }

    template <class Visit>
    static void cut(const Visit& visit, const Tile& tile) {
        for (std::size_t row = 0; row < tile.rows; row += kRun)
            visit(Tile{tile.offset + row * tile.stride, std::min(kRun, tile.rows - row),
                       tile.stride, tile.width});
    }

    const ChannelView& view_;
    std::size_t block_, lane_, channel_, width_;
};

template <class Visit>
void forColumns(ChannelView view, const Visit& visit) {
    if (view.positions == 1) // a row of channels per sample
        view = ChannelView(1, 1, view.batch, view.channels());
    for (std::size_t block = 0; block < view.blocks; ++block)
        for (std::size_t lane = 0; lane < view.lanes; lane += kLanes)
            visit(Column(view, block, lane));
}

void addTo(LaneSums& sums, const RowSums& run) {
    for (std::size_t i = 0; i < run.size(); ++i)
        sums[i % kLanes] += static_cast<double>(run[i]);
}

/// ChannelNorm by lane.
struct LaneNorm {
    Lanes mean, factor, shift;
    float least; ///< that the ReLU lets pass
};

LaneNorm load(const Column& column, const ChannelNorm& norm) {
    return {column.load(norm.mean), column.load(norm.factor), column.load(norm.shift),
            norm.relu ? 0.0F : -std::numeric_limits<float>::infinity()};
}

// One row each, to be inlined where the width is known. A NaN passes the ReLU.

[[gnu::always_inline]] inline void addRow(float* sums, const float* x, std::size_t width) {
    for (std::size_t lane = 0; lane < width; ++lane)
        sums[lane] += x[lane];
}

[[gnu::always_inline]] inline void addSquaresOfRow(float* sums, const float* x, const Lanes& mean,
                                                   std::size_t width) {
    for (std::size_t lane = 0; lane < width; ++lane) {
        const float away = x[lane] - mean[lane];
        sums[lane] += away * away;
    }
}

[[gnu::always_inline]] inline void normalizeRow(float* out, const float* x, const LaneNorm& norm,
                                                std::size_t width) {
    for (std::size_t lane = 0; lane < width; ++lane) {
        const float y = (x[lane] - norm.mean[lane]) * norm.factor[lane] + norm.shift[lane];
        out[lane] = y < norm.least ? norm.least : y;
    }
}

[[gnu::always_inline]] inline void addGradientRow(float* plain, float* weighted, const float* x,
                                                  const float* gradient, const LaneNorm& norm,
                                                  std::size_t width) {
    for (std::size_t lane = 0; lane < width; ++lane) {
        const float away = x[lane] - norm.mean[lane];
        const float y = away * norm.factor[lane] + norm.shift[lane];
        const float g = y <= norm.least ? 0.0F : gradient[lane];
        plain[lane] += g;
        weighted[lane] += g * away;
    }
}

[[gnu::always_inline]] inline void gradientRow(float* out, const float* x, const float* gradient,
                                               const LaneNorm& norm, const Lanes& centre,
                                               const Lanes& slope, std::size_t width) {
    for (std::size_t lane = 0; lane < width; ++lane) {
        const float away = x[lane] - norm.mean[lane];
        const float y = away * norm.factor[lane] + norm.shift[lane];
        const float g = y <= norm.least ? 0.0F : gradient[lane];
        out[lane] = norm.factor[lane] * (g - centre[lane] - away * slope[lane]);
    }
}

GRADWRIGHT_CLONES
void addTile(LaneSums& sums, const float* x, const Tile& tile) {
    RowSums run{};
    std::size_t row = 0;
    for (; tile.width == kLanes && row + kRows <= tile.rows; row += kRows)
        for (std::size_t r = 0; r < kRows; ++r)
            addRow(&run[r * kLanes], x + (row + r) * tile.stride, kLanes);
    for (; row < tile.rows; ++row)
        addRow(run.data(), x + row * tile.stride, tile.width);
    addTo(sums, run);
}

GRADWRIGHT_CLONES
void addSquaresOfTile(LaneSums& sums, const float* x, const Lanes& mean, const Tile& tile) {
    RowSums run{};
    std::size_t row = 0;
    for (; tile.width == kLanes && row + kRows <= tile.rows; row += kRows)
        for (std::size_t r = 0; r < kRows; ++r)
            addSquaresOfRow(&run[r * kLanes], x + (row + r) * tile.stride, mean, kLanes);
    for (; row < tile.rows; ++row)
        addSquaresOfRow(run.data(), x + row * tile.stride, mean, tile.width);
    addTo(sums, run);
}

GRADWRIGHT_CLONES
void normalizeTile(float* out, const float* x, const LaneNorm& norm, const Tile& tile) {
    if (tile.width == kLanes)
        for (std::size_t row = 0; row < tile.rows; ++row)
            normalizeRow(out + row * tile.stride, x + row * tile.stride, norm, kLanes);
    else
        for (std::size_t row = 0; row < tile.rows; ++row)
            normalizeRow(out + row * tile.stride, x + row * tile.stride, norm, tile.width);
}

GRADWRIGHT_CLONES
void addGradientTile(LaneSums& plain, LaneSums& weighted, const float* x, const float* gradient,
                     const LaneNorm& norm, const Tile& tile) {
    RowSums first{}, second{};
    std::size_t row = 0;
    for (; tile.width == kLanes && row + kRows <= tile.rows; row += kRows)
        for (std::size_t r = 0; r < kRows; ++r) {
            const auto at = (row + r) * tile.stride;
            addGradientRow(&first[r * kLanes], &second[r * kLanes], x + at, gradient + at, norm,
                           kLanes);
        }
    for (; row < tile.rows; ++row)
        addGradientRow(first.data(), second.data(), x + row * tile.stride,
                       gradient + row * tile.stride, norm, tile.width);
    addTo(plain, first);
    addTo(weighted, second);
}

GRADWRIGHT_CLONES
void gradientTile(float* out, const float* x, const float* gradient, const LaneNorm& norm,
                  const Lanes& centre, const Lanes& slope, const Tile& tile) {
    if (tile.width == kLanes)
        for (std::size_t row = 0; row < tile.rows; ++row) {
            const auto at = row * tile.stride;
            gradientRow(out + at, x + at, gradient + at, norm, centre, slope, kLanes);
        }
    else
        for (std::size_t row = 0; row < tile.rows; ++row) {
            const auto at = row * tile.stride;
            gradientRow(out + at, x + at, gradient + at, norm, centre, slope, tile.width);
        }
}

} // namespace

void channelMoments(const ChannelView& view, float* moments, const float* in) {
    const double share = 1 / static_cast<double>(view.batch * view.positions);
    forColumns(view, [&](const Column& column) {
        LaneSums sums{};
        column.forTiles([&](const Tile& tile) { addTile(sums, in + tile.offset, tile); });
        column.store(moments, sums, share);
        const auto mean = column.load(moments);
        sums = {};
        column.forTiles(
            [&](const Tile& tile) { addSquaresOfTile(sums, in + tile.offset, mean, tile); });
        column.store(moments + view.channels(), sums);
    });
}

void combineMoments(std::size_t channels, std::span<const PartOfChannels> parts, float* mean,
                    float* variance) {
    for (std::size_t c = 0; c < channels; ++c) {
        double count = 0, average = 0, squares = 0;
        for (const auto& part : parts) {
            const double away = static_cast<double>(part.values[c]) - average;
            const double all = count + part.count;
            average += away * (part.count / all);
            squares += static_cast<double>(part.values[channels + c]) +
                       away * away * (count * part.count / all);
            count = all;
        }
        mean[c] = static_cast<float>(average);
        variance[c] = static_cast<float>(squares / count);
    }
}

void normalizeChannels(const ChannelView& view, const ChannelNorm& norm, float* out,
                       const float* in) {
    forColumns(view, [&](const Column& column) {
        const auto lanes = load(column, norm);
        column.forTiles([&](const Tile& tile) {
            normalizeTile(out + tile.offset, in + tile.offset, lanes, tile);
        });
    });
}

void channelGradientSums(const ChannelView& view, const ChannelNorm& norm, float* sums,
                         const float* in, const float* gradient) {
    forColumns(view, [&](const Column& column) {
        const auto lanes = load(column, norm);
        LaneSums plain{}, weighted{};
        column.forTiles([&](const Tile& tile) {
            addGradientTile(plain, weighted, in + tile.offset, gradient + tile.offset, lanes, tile);
        });
        column.store(sums, plain);
        column.store(sums + view.channels(), weighted);
    });
}

void combineGradientSums(std::size_t channels, std::span<const PartOfChannels> parts, float* sums) {
    for (std::size_t c = 0; c < 2 * channels; ++c) {
        double sum = 0;
        for (const auto& part : parts)
            sum += static_cast<double>(part.values[c]);
        sums[c] = static_cast<float>(sum);
    }
}

void channelGradient(const ChannelView& view, const ChannelNorm& norm, const float* centre,
                     const float* slope, float* out, const float* in, const float* gradient) {
    forColumns(view, [&](const Column& column) {
        const auto lanes = load(column, norm);
        const auto centres = column.load(centre);
        const auto slopes = column.load(slope);
        column.forTiles([&](const Tile& tile) {
            gradientTile(out + tile.offset, in + tile.offset, gradient + tile.offset, lanes,
                         centres, slopes, tile);
        });
    });
}

} // namespace gradwright::onednn
