// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/combine.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/simd.h"

#include <algorithm>
#include <cstring>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kTile = 256; // elements that are worked on at a time
constexpr std::size_t kGrain = 16384;

using Tile = std::array<float, kTile>;

GRADWRIGHT_CLONES
void fold(CombineKind kind, float* acc, const float* next, std::size_t size) {
    switch (kind) {
    case CombineKind::Subtract:
        for (std::size_t i = 0; i < size; ++i)
            acc[i] -= next[i];
        break;
    case CombineKind::Multiply:
        for (std::size_t i = 0; i < size; ++i)
            acc[i] *= next[i];
        break;
    case CombineKind::Average:
        for (std::size_t i = 0; i < size; ++i)
            acc[i] += next[i];
        break;
    case CombineKind::Maximum:
        for (std::size_t i = 0; i < size; ++i)
            acc[i] = next[i] > acc[i] ? next[i] : acc[i];
        break;
    case CombineKind::Minimum:
        for (std::size_t i = 0; i < size; ++i)
            acc[i] = next[i] < acc[i] ? next[i] : acc[i];
        break;
    }
}

GRADWRIGHT_CLONES
void scale(float* out, const float* in, float factor, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = in[i] * factor;
}

/// taken = what is left where in == out, which is taken from what is left.
GRADWRIGHT_CLONES
void take(float* taken, float* left, const float* in, const float* out, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        taken[i] = in[i] == out[i] ? left[i] : 0.0F;
        left[i] = in[i] == out[i] ? 0.0F : left[i];
    }
}

GRADWRIGHT_CLONES
float sumOf(const float* x, std::size_t size) {
    constexpr std::size_t lanes = 16;
    float sums[lanes] = {};
    const auto whole = size / lanes * lanes;
    for (std::size_t i = 0; i < whole; i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane)
            sums[lane] += x[i + lane];
    float sum = 0;
    for (auto i = whole; i < size; ++i)
        sum += x[i];
    for (const float lane : sums)
        sum += lane;
    return sum;
}

GRADWRIGHT_CLONES
void add(float* x, const float* term, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        x[i] += term[i];
}

GRADWRIGHT_CLONES
void addNumber(float* x, float term, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        x[i] += term;
}

GRADWRIGHT_CLONES
void multiply(float* out, const float* in, const float* factors, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = in[i] * factors[i];
}

/// One tile of each input, side by side even where a number is repeated.
class Tiles {
public:
    Tiles(const CombinePlan& plan, const CombineInputs& in)
        : plan_(plan)
        , in_(in) {}

    const float* operator()(std::size_t input, std::size_t offset, std::size_t size) {
        const auto* first = in_[input] + offset;
        if (plan_.strides[input].back() == 1)
            return first;
        std::fill_n(room_[input].begin(), size, *first);
        return room_[input].data();
    }

private:
    const CombinePlan& plan_;
    const CombineInputs& in_;
    std::array<Tile, kMaxCombined> room_;
};

/// visit(run, begin, end, offset of each input at the run's first element) for the runs of the
/// innermost loop in [firstRun, endRun), cut into tiles.
template <class Visit>
void forEachTile(const CombinePlan& plan, std::size_t firstRun, std::size_t endRun,
                 const Visit& visit) {
    const auto length = plan.lengths.back();
    std::array<std::size_t, kMaxCombined> offsets{};
    for (auto run = firstRun; run < endRun; ++run) {
        offsets.fill(0);
        auto rest = run;
        for (auto loop = plan.lengths.size() - 1; loop-- > 0;) {
            const auto index = rest % plan.lengths[loop];
            rest /= plan.lengths[loop];
            for (std::size_t input = 0; input < plan.strides.size(); ++input)
                offsets[input] += index * plan.strides[input][loop];
        }
        for (std::size_t begin = 0; begin < length; begin += kTile)
            visit(run * length + begin, begin, std::min(kTile, length - begin), offsets);
    }
}

std::size_t at(const CombinePlan& plan, std::size_t input,
               const std::array<std::size_t, kMaxCombined>& offsets, std::size_t begin) {
    return offsets[input] + begin * plan.strides[input].back();
}

std::size_t runsOf(const CombinePlan& plan) {
    std::size_t runs = 1;
    for (std::size_t loop = 0; loop + 1 < plan.lengths.size(); ++loop)
        runs *= plan.lengths[loop];
    return runs;
}

} // namespace

void CombinePlan::simplify() {
    for (auto loop = lengths.size(); loop-- > 0;)
        if (lengths[loop] == 1 && lengths.size() > 1) {
            lengths.erase(lengths.begin() + static_cast<std::ptrdiff_t>(loop));
            for (auto& each : strides)
                each.erase(each.begin() + static_cast<std::ptrdiff_t>(loop));
        }
    for (auto loop = lengths.size() - 1; loop-- > 0;) {
        const bool joins = std::ranges::all_of(strides, [&](const auto& each) {
            return each[loop] == each[loop + 1] * lengths[loop + 1];
        });
        if (!joins)
            continue;
        lengths[loop] *= lengths[loop + 1];
        lengths.erase(lengths.begin() + static_cast<std::ptrdiff_t>(loop) + 1);
        for (auto& each : strides)
            each.erase(each.begin() + static_cast<std::ptrdiff_t>(loop));
    }
    // A single loop is cut, so that threads can share it.
    if (lengths.size() == 1 && lengths[0] > kGrain && lengths[0] % kTile == 0) {
        lengths = {lengths[0] / kTile, kTile};
        for (auto& each : strides)
            each = {each[0] * kTile, each[0]};
    }
}

bool CombinePlan::isRepeated(std::size_t input) const {
    for (std::size_t loop = 0; loop < lengths.size(); ++loop)
        if (lengths[loop] > 1 && strides[input][loop] == 0)
            return true;
    return false;
}

void combine(const CombinePlan& plan, float* out, const CombineInputs& in) {
    const auto count = plan.strides.size();
    const auto grain = std::max<std::size_t>(1, kGrain / plan.lengths.back());
    forChunks(runsOf(plan), grain, [&](std::size_t first, std::size_t end) {
        Tiles tiles(plan, in);
        Tile acc;
        forEachTile(
            plan, first, end,
            [&](std::size_t element, std::size_t begin, std::size_t size, const auto& offsets) {
                std::copy_n(tiles(0, at(plan, 0, offsets, begin), size), size, acc.begin());
                for (std::size_t input = 1; input < count; ++input)
                    fold(plan.kind, acc.data(), tiles(input, at(plan, input, offsets, begin), size),
                         size);
                const bool mean = plan.kind == CombineKind::Average;
                scale(out + element, acc.data(), mean ? 1.0F / static_cast<float>(count) : 1.0F,
                      size);
            });
    });
}

namespace {

/// The gradient of each input for one tile.
class TileGradient {
public:
    TileGradient(const CombinePlan& plan, const CombineInputs& in, const float* out,
                 const float* gradient)
        : plan_(plan)
        , out_(out)
        , gradient_(gradient)
        , tiles_(plan, in) {}

    void start(std::size_t element, std::size_t size) {
        element_ = element;
        size_ = size;
        std::copy_n(gradient_ + element, size, left_.begin());
    }

    /// The gradient of `input`, asked for in the order of the inputs; `offsetOf` says where the
    /// tile of an input begins.
    template <class OffsetOf>
    const float* of(std::size_t input, const OffsetOf& offsetOf) {
        const auto* gradient = gradient_ + element_;
        switch (plan_.kind) {
        case CombineKind::Subtract:
            scale(result_.data(), gradient, input == 0 ? 1.0F : -1.0F, size_);
            break;
        case CombineKind::Average:
            scale(result_.data(), gradient, 1.0F / static_cast<float>(plan_.strides.size()), size_);
            break;
        case CombineKind::Multiply:
            std::copy_n(gradient, size_, result_.begin());
            for (std::size_t other = 0; other < plan_.strides.size(); ++other)
                if (other != input)
                    fold(CombineKind::Multiply, result_.data(),
                         tiles_(other, offsetOf(other), size_), size_);
            break;
        case CombineKind::Maximum:
        case CombineKind::Minimum:
            take(result_.data(), left_.data(), tiles_(input, offsetOf(input), size_),
                 out_ + element_, size_);
            break;
        }
        return result_.data();
    }

private:
    const CombinePlan& plan_;
    const float* out_;
    const float* gradient_;
    Tiles tiles_;
    Tile left_{}; ///< of the gradient, not yet taken by an input
    Tile result_{};
    std::size_t element_ = 0, size_ = 0;
};

} // namespace

void combineBackward(const CombinePlan& plan, const std::array<float*, kMaxCombined>& gradients,
                     const CombineInputs& in, const float* out, const float* gradient) {
    const auto count = plan.strides.size();
    // Inputs are repeated within the first loop only, which is over samples: its turns are the
    // threads' work, so that no two add to one number.
    const auto turns = plan.lengths.size() > 1 ? plan.lengths[0] : 1;
    const auto runs = runsOf(plan) / turns;
    std::array<bool, kMaxCombined> repeated{};
    for (std::size_t input = 0; input < count; ++input)
        repeated[input] = plan.isRepeated(input);
    const auto grain = std::max<std::size_t>(1, kGrain / (runs * plan.lengths.back()));
    forChunks(turns, grain, [&](std::size_t first, std::size_t end) {
        TileGradient tile(plan, in, out, gradient);
        forEachTile(
            plan, first * runs, end * runs,
            [&](std::size_t element, std::size_t begin, std::size_t size, const auto& offsets) {
                tile.start(element, size);
                const auto offsetOf = [&](std::size_t input) {
                    return at(plan, input, offsets, begin);
                };
                for (std::size_t input = 0; input < count; ++input) {
                    const auto* part = tile.of(input, offsetOf);
                    if (!gradients[input])
                        continue;
                    auto* target = gradients[input] + offsetOf(input);
                    if (!repeated[input])
                        std::copy_n(part, size, target);
                    else if (plan.strides[input].back() == 1)
                        add(target, part, size);
                    else
                        *target += sumOf(part, size);
                }
            });
    });
}

void addToChannels(const ChannelView& view, float* x, const float* terms) {
    const auto run = view.positions * view.lanes;
    forChunks(view.batch * view.blocks, std::max<std::size_t>(1, kGrain / run),
              [=](std::size_t begin, std::size_t end) {
                  for (auto i = begin; i < end; ++i) {
                      const auto* term = terms + i % view.blocks * view.lanes;
                      auto* first = x + i * run;
                      if (view.lanes == 1)
                          addNumber(first, *term, run);
                      else
                          for (std::size_t p = 0; p < run; p += view.lanes)
                              add(first + p, term, view.lanes);
                  }
              });
}

void scaleChannels(const ChannelView& view, float* out, const float* in, const float* factors) {
    const auto run = view.positions * view.lanes;
    forChunks(view.batch * view.blocks, std::max<std::size_t>(1, kGrain / run),
              [=](std::size_t begin, std::size_t end) {
                  for (auto i = begin; i < end; ++i) {
                      const auto* factor = factors + i * view.lanes;
                      const auto first = i * run;
                      if (view.lanes == 1)
                          scale(out + first, in + first, *factor, run);
                      else
                          for (auto p = first; p < first + run; p += view.lanes)
                              multiply(out + p, in + p, factor, view.lanes);
                  }
              });
}

void sumOfChannels(const ChannelView& view, float* sums, const float* x) {
    const auto run = view.positions * view.lanes;
    forChunks(view.blocks, 1, [=](std::size_t block, std::size_t) {
        auto* sum = sums + block * view.lanes;
        std::fill_n(sum, view.lanes, 0.0F);
        for (std::size_t n = 0; n < view.batch; ++n) {
            const auto* first = x + view.offset(n, block);
            if (view.lanes == 1)
                *sum += sumOf(first, run);
            else
                for (std::size_t p = 0; p < run; p += view.lanes)
                    add(sum, first + p, view.lanes);
        }
    });
}

} // namespace gradwright::onednn
