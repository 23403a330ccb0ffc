// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/sequence.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/backend/onednn/primitives.h"
#include "engine/support/error.h"
#include "engine/support/simd.h"
#include "engine/support/vector_math.h"

#include <cmath>
#include <cstring>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 16384; // elements

GRADWRIGHT_CLONES
void addRows(float* out, const float* a, const float* b, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = a[i] + b[i];
}

/// Softmax of factor · row over its first `seen` elements; zero after them.
GRADWRIGHT_CLONES
void softmaxRow(float* row, float factor, std::size_t seen, std::size_t size) {
    float largest = row[0];
    for (std::size_t i = 1; i < seen; ++i)
        largest = row[i] > largest ? row[i] : largest;
    for (std::size_t i = 0; i < seen; ++i)
        row[i] = vectored::exp(factor * (row[i] - largest));
    float sum = 0;
    for (std::size_t i = 0; i < seen; ++i)
        sum += row[i];
    const float share = 1.0F / sum;
    for (std::size_t i = 0; i < seen; ++i)
        row[i] *= share;
    for (auto i = seen; i < size; ++i)
        row[i] = 0;
}

/// slopes = factor · shares · (slopes - Σ shares · slopes)
GRADWRIGHT_CLONES
void softmaxBackwardRow(float* slopes, const float* shares, float factor, std::size_t size) {
    float mean = 0;
    for (std::size_t i = 0; i < size; ++i)
        mean += shares[i] * slopes[i];
    for (std::size_t i = 0; i < size; ++i)
        slopes[i] = factor * shares[i] * (slopes[i] - mean);
}

/// Where one head of one sample has its queries, keys and values.
struct Head {
    std::size_t query, key, value, output, shares;

    Head(const AttentionPlan& plan, std::size_t index) {
        const auto sample = index / plan.heads;
        const auto head = index % plan.heads;
        const auto features = plan.heads * plan.width;
        query = sample * plan.steps * 3 * features + head * plan.width;
        key = query + features;
        value = key + features;
        output = sample * plan.steps * features + head * plan.width;
        shares = index * plan.steps * plan.steps;
    }
};

} // namespace

void requireEntries(const std::string& path, const float* numbers, std::size_t count,
                    std::size_t vocabulary) {
    for (std::size_t i = 0; i < count; ++i)
        if (!(numbers[i] >= 0 && numbers[i] < static_cast<float>(vocabulary) &&
              numbers[i] == std::floor(numbers[i])))
            throw Error("{}: {} is none of the {} entries, 0 to {}", path, numbers[i], vocabulary,
                        vocabulary - 1);
}

void lookUp(float* out, const float* table, const float* numbers, std::size_t count,
            std::size_t width) {
    forChunks(
        count, std::max<std::size_t>(1, kGrain / width), [=](std::size_t begin, std::size_t end) {
            for (auto i = begin; i < end; ++i)
                std::memcpy(out + i * width, table + static_cast<std::size_t>(numbers[i]) * width,
                            width * sizeof(float));
        });
}

void lookUpBackward(float* table, const float* numbers, const float* gradient, std::size_t count,
                    std::size_t width, std::size_t vocabulary) {
    // Columns are shared out: an entry may come up many times.
    forChunks(width, 64, [=](std::size_t begin, std::size_t end) {
        for (std::size_t row = 0; row < vocabulary; ++row)
            std::memset(table + row * width + begin, 0, (end - begin) * sizeof(float));
        for (std::size_t i = 0; i < count; ++i) {
            auto* row = table + static_cast<std::size_t>(numbers[i]) * width + begin;
            addRows(row, row, gradient + i * width + begin, end - begin);
        }
    });
}

void addTable(float* out, const float* in, const float* table, std::size_t batch,
              std::size_t size) {
    forChunks(batch, std::max<std::size_t>(1, kGrain / size),
              [=](std::size_t begin, std::size_t end) {
                  for (auto n = begin; n < end; ++n)
                      addRows(out + n * size, in + n * size, table, size);
              });
}

void sumOfSamples(float* table, const float* gradient, std::size_t batch, std::size_t size) {
    forChunks(size, 1024, [=](std::size_t begin, std::size_t end) {
        std::memset(table + begin, 0, (end - begin) * sizeof(float));
        for (std::size_t n = 0; n < batch; ++n)
            addRows(table + begin, table + begin, gradient + n * size + begin, end - begin);
    });
}

void attend(const AttentionPlan& plan, float* out, float* shares, const float* in) {
    const auto features = plan.heads * plan.width;
    const float factor = 1.0F / std::sqrt(static_cast<float>(plan.width));
    forChunks(plan.batch * plan.heads, 1, [&](std::size_t index, std::size_t) {
        const Head head(plan, index);
        auto* scores = shares + head.shares;
        multiply({.rows = plan.steps, .columns = plan.steps, .inner = plan.width},
                 {in + head.query, 3 * features}, {in + head.key, 3 * features, true},
                 {scores, plan.steps});
        for (std::size_t step = 0; step < plan.steps; ++step)
            softmaxRow(scores + step * plan.steps, factor, plan.causal ? step + 1 : plan.steps,
                       plan.steps);
        multiply({.rows = plan.steps, .columns = plan.width, .inner = plan.steps},
                 {scores, plan.steps}, {in + head.value, 3 * features},
                 {out + head.output, features});
    });
}

void attendBackward(const AttentionPlan& plan, float* out, float* scratch, const float* in,
                    const float* shares, const float* gradient) {
    const auto features = plan.heads * plan.width;
    const auto steps = plan.steps;
    const float factor = 1.0F / std::sqrt(static_cast<float>(plan.width));
    forChunks(plan.batch * plan.heads, 1, [&](std::size_t index, std::size_t) {
        const Head head(plan, index);
        const MatrixView result{gradient + head.output, features};
        auto* slopes = scratch + head.shares;
        const auto* share = shares + head.shares;
        multiply({.rows = steps, .columns = steps, .inner = plan.width}, result,
                 {in + head.value, 3 * features, true}, {slopes, steps});
        multiply({.rows = steps, .columns = plan.width, .inner = steps}, {share, steps, true},
                 result, {out + head.value, 3 * features});
        for (std::size_t step = 0; step < steps; ++step)
            softmaxBackwardRow(slopes + step * steps, share + step * steps, factor, steps);
        multiply({.rows = steps, .columns = plan.width, .inner = steps}, {slopes, steps},
                 {in + head.key, 3 * features}, {out + head.query, 3 * features});
        multiply({.rows = steps, .columns = plan.width, .inner = steps}, {slopes, steps, true},
                 {in + head.query, 3 * features}, {out + head.key, 3 * features});
    });
}

} // namespace gradwright::onednn
