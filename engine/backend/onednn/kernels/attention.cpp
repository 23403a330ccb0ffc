// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/attention.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/backend/onednn/primitives.h"
#include "engine/support/simd.h"
#include "engine/support/vector_math.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kBlockScores = 65536; ///< 256 KiB, which stay in a core's cache
constexpr std::size_t kGroups = 32;         ///< heads that are computed at the same time at most
constexpr std::size_t kLanes = 16; ///< sums side by side, so that the loops become vector code

/// Softmax of factor · row over its first `seen` elements; zero after them.
GRADWRIGHT_CLONES
void softmaxRow(float* row, float factor, std::size_t seen, std::size_t size) {
    const auto whole = seen / kLanes * kLanes;
    std::array<float, kLanes> lanes{};
    lanes.fill(row[0]);
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            lanes[lane] = row[i + lane] > lanes[lane] ? row[i + lane] : lanes[lane];
    float largest = row[0];
    for (const float lane : lanes)
        largest = lane > largest ? lane : largest;
    for (auto i = whole; i < seen; ++i)
        largest = row[i] > largest ? row[i] : largest;
    for (std::size_t i = 0; i < seen; ++i)
        row[i] = vectored::exp(factor * (row[i] - largest));
    lanes.fill(0);
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            lanes[lane] += row[i + lane];
    float sum = 0;
    for (auto i = whole; i < seen; ++i)
        sum += row[i];
    for (const float lane : lanes)
        sum += lane;
    const float share = 1.0F / sum;
    for (std::size_t i = 0; i < seen; ++i)
        row[i] *= share;
    for (auto i = seen; i < size; ++i)
        row[i] = 0;
}

/// slopes = factor · shares · (slopes - Σ shares · slopes)
GRADWRIGHT_CLONES
void softmaxBackwardRow(float* slopes, const float* shares, float factor, std::size_t size) {
    const auto whole = size / kLanes * kLanes;
    std::array<float, kLanes> lanes{};
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            lanes[lane] += shares[i + lane] * slopes[i + lane];
    float mean = 0;
    for (auto i = whole; i < size; ++i)
        mean += shares[i] * slopes[i];
    for (const float lane : lanes)
        mean += lane;
    for (std::size_t i = 0; i < size; ++i)
        slopes[i] = factor * shares[i] * (slopes[i] - mean);
}

/// Where one head of one sample has its queries, keys and values.
struct Head {
    std::size_t query, key, value, output;

    Head(const AttentionPlan& plan, std::size_t index) {
        const auto sample = index / plan.heads;
        const auto head = index % plan.heads;
        const auto features = plan.heads * plan.width;
        query = sample * plan.steps * 3 * features + head * plan.width;
        key = query + features;
        value = key + features;
        output = sample * plan.steps * features + head * plan.width;
    }
};

/// Some queries, and the keys that they see.
struct Block {
    std::size_t begin, rows, seen;
};

std::size_t groupsOf(const AttentionPlan& plan) {
    return std::min(plan.batch * plan.heads, kGroups);
}

/// visit(head of a sample, its group) for all, those of a group one after the other.
template <class Visit>
void forEachHead(const AttentionPlan& plan, const Visit& visit) {
    const auto count = plan.batch * plan.heads;
    const auto groups = groupsOf(plan);
    forChunks(groups, 1, [&](std::size_t group, std::size_t) {
        for (auto index = count * group / groups; index < count * (group + 1) / groups; ++index)
            visit(index, group);
    });
}

/// The last block comes first: its queries see all keys.
template <class Visit>
void forEachBlock(const AttentionPlan& plan, const Visit& visit) {
    const auto rows = plan.blockRows();
    for (auto end = plan.steps; end > 0;) {
        const auto begin = (end - 1) / rows * rows;
        visit(Block{begin, end - begin, plan.causal ? end : plan.steps});
        end = begin;
    }
}

/// The softmaxed scores of a block, rows of `steps` of which `seen` are written.
void sharesOf(const AttentionPlan& plan, const Block& block, const Head& head, const float* in,
              float* shares) {
    const auto stride = 3 * plan.heads * plan.width;
    const float factor = 1.0F / std::sqrt(static_cast<float>(plan.width));
    multiply({.rows = block.rows, .columns = block.seen, .inner = plan.width},
             {in + head.query + block.begin * stride, stride}, {in + head.key, stride, true},
             {shares, plan.steps});
    for (std::size_t row = 0; row < block.rows; ++row)
        softmaxRow(shares + row * plan.steps, factor,
                   plan.causal ? block.begin + row + 1 : plan.steps, block.seen);
}

} // namespace

std::size_t AttentionPlan::blockRows() const {
    if (keepsShares() && !causal)
        return steps;
    const auto most = std::clamp<std::size_t>(kBlockScores / steps, 16, 64);
    const auto blocks = (steps + most - 1) / most;
    return (steps + blocks - 1) / blocks;
}

std::size_t AttentionPlan::scratch() const {
    return keepsShares() ? 0 : groupsOf(*this) * blockRows() * steps;
}

std::size_t AttentionPlan::backwardScratch() const {
    return (keepsShares() ? 1 : 2) * groupsOf(*this) * blockRows() * steps;
}

void attend(const AttentionPlan& plan, float* out, float* shares, float* scratch, const float* in) {
    const auto features = plan.heads * plan.width;
    const auto steps = plan.steps;
    forEachHead(plan, [&](std::size_t index, std::size_t group) {
        const Head head(plan, index);
        forEachBlock(plan, [&](const Block& block) {
            auto* own = plan.keepsShares() ? shares + (index * steps + block.begin) * steps
                                           : scratch + group * plan.blockRows() * steps;
            sharesOf(plan, block, head, in, own);
            multiply({.rows = block.rows, .columns = plan.width, .inner = block.seen}, {own, steps},
                     {in + head.value, 3 * features},
                     {out + head.output + block.begin * features, features});
        });
    });
}

void attendBackward(const AttentionPlan& plan, float* out, float* scratch, const float* in,
                    const float* shares, const float* gradient) {
    const auto features = plan.heads * plan.width;
    const auto stride = 3 * features;
    const auto steps = plan.steps;
    const auto size = plan.blockRows() * steps;
    const float factor = 1.0F / std::sqrt(static_cast<float>(plan.width));
    forEachHead(plan, [&](std::size_t index, std::size_t group) {
        const Head head(plan, index);
        auto* slopes = scratch + group * size;
        auto* again = scratch + (groupsOf(plan) + group) * size;
        forEachBlock(plan, [&](const Block& block) {
            const float* share = again;
            if (plan.keepsShares())
                share = shares + (index * steps + block.begin) * steps;
            else
                sharesOf(plan, block, head, in, again);
            const MatrixView result{gradient + head.output + block.begin * features, features};
            const auto queries = head.query + block.begin * stride;
            // The first block sees all keys and values, the others add to it.
            const bool adds = block.begin + block.rows < steps;
            multiply({.rows = block.rows, .columns = block.seen, .inner = plan.width}, result,
                     {in + head.value, stride, true}, {slopes, steps});
            multiply({.rows = block.seen, .columns = plan.width, .inner = block.rows, .add = adds},
                     {share, steps, true}, result, {out + head.value, stride});
            for (std::size_t row = 0; row < block.rows; ++row)
                softmaxBackwardRow(slopes + row * steps, share + row * steps, factor, block.seen);
            multiply({.rows = block.rows, .columns = plan.width, .inner = block.seen},
                     {slopes, steps}, {in + head.key, stride}, {out + queries, stride});
            multiply({.rows = block.seen, .columns = plan.width, .inner = block.rows, .add = adds},
                     {slopes, steps, true}, {in + queries, stride}, {out + head.key, stride});
        });
    });
}

} // namespace gradwright::onednn
