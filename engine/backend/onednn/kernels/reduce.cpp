// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/reduce.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 16384; // terms that a thread takes at least

std::size_t placeOf(std::size_t number, const std::vector<std::size_t>& lengths,
                    const std::vector<std::size_t>& strides) {
    std::size_t place = 0;
    for (auto axis = lengths.size(); axis-- > 0;) {
        place += number % lengths[axis] * strides[axis];
        number /= lengths[axis];
    }
    return place;
}

/// Sums in double, so that their order does not show.
template <class Join>
double fold(const ReducePlan& plan, const float* in, double first, const Join& join) {
    const auto inner = plan.goneLengths.empty() ? 1 : plan.goneLengths.back();
    const auto step = plan.goneStrides.empty() ? 1 : plan.goneStrides.back();
    double value = first;
    for (std::size_t number = 0; number < plan.terms; number += inner) {
        const float* run = in + plan.term(number);
        for (std::size_t i = 0; i < inner; ++i)
            value = join(value, static_cast<double>(run[i * step]));
    }
    return value;
}

double reduced(const ReducePlan& plan, const float* in) {
    const auto sum = [](double a, double x) { return a + x; };
    switch (plan.kind) {
    case ReduceKind::Sum:
        return fold(plan, in, 0, sum);
    case ReduceKind::Mean:
        return fold(plan, in, 0, sum) / static_cast<double>(plan.terms);
    case ReduceKind::Product:
        return fold(plan, in, 1, [](double a, double x) { return a * x; });
    case ReduceKind::Maximum:
        return fold(plan, in, static_cast<double>(*in),
                    [](double a, double x) { return std::max(a, x); });
    case ReduceKind::Minimum:
        return fold(plan, in, static_cast<double>(*in),
                    [](double a, double x) { return std::min(a, x); });
    case ReduceKind::Norm:
        return std::sqrt(fold(plan, in, 0, [](double a, double x) { return a + x * x; }));
    }
    return 0;
}

} // namespace

ReducePlan::ReducePlan(const ReduceOp& op, const Shape& shape)
    : kind(op.kind) {
    const auto rank = static_cast<std::int64_t>(shape.rank());
    std::size_t stride = 1;
    for (auto axis = rank; axis-- > 0;) {
        const auto length = static_cast<std::size_t>(shape[static_cast<std::size_t>(axis)]);
        const bool isGone = op.axes.empty() || std::ranges::find(op.axes, axis) != op.axes.end() ||
                            std::ranges::find(op.axes, axis - rank) != op.axes.end();
        auto& lengths = isGone ? goneLengths : keptLengths;
        auto& strides = isGone ? goneStrides : keptStrides;
        lengths.insert(lengths.begin(), length);
        strides.insert(strides.begin(), stride);
        (isGone ? terms : outputs) *= length;
        stride *= length;
    }
}

std::size_t ReducePlan::begin(std::size_t output) const {
    return placeOf(output, keptLengths, keptStrides);
}

std::size_t ReducePlan::term(std::size_t number) const {
    return placeOf(number, goneLengths, goneStrides);
}

void reduce(const ReducePlan& plan, float* out, const float* in) {
    const auto grain = std::max<std::size_t>(kGrain / plan.terms, 1);
    forChunks(plan.outputs, grain, [&](std::size_t begin, std::size_t end) {
        for (auto i = begin; i < end; ++i)
            out[i] = static_cast<float>(reduced(plan, in + plan.begin(i)));
    });
}

void reduceProductBackward(const ReducePlan& plan, float* result, const float* in,
                           const float* gradient) {
    const auto grain = std::max<std::size_t>(kGrain / plan.terms, 1);
    forChunks(plan.outputs, grain, [&](std::size_t begin, std::size_t end) {
        for (auto i = begin; i < end; ++i) {
            const auto base = plan.begin(i);
            // The product of the factors before each, then that of those behind it.
            double before = gradient[i];
            for (std::size_t n = 0; n < plan.terms; ++n) {
                result[base + plan.term(n)] = static_cast<float>(before);
                before *= in[base + plan.term(n)];
            }
            double behind = 1;
            for (auto n = plan.terms; n-- > 0;) {
                auto& place = result[base + plan.term(n)];
                place = static_cast<float>(place * behind);
                behind *= in[base + plan.term(n)];
            }
        }
    });
}

LanePlan::LanePlan(const Shape& shape, std::int64_t axis) {
    const auto along =
        static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(shape.rank()) : axis);
    for (std::size_t i = 0; i < shape.rank(); ++i)
        (i < along ? outer : i == along ? length : inner) *= static_cast<std::size_t>(shape[i]);
}

void argMax(const LanePlan& plan, bool minimum, float* out, const float* in) {
    for (std::size_t o = 0; o < plan.outer; ++o)
        for (std::size_t i = 0; i < plan.inner; ++i) {
            const float* lane = in + o * plan.length * plan.inner + i;
            std::size_t best = 0;
            for (std::size_t at = 1; at < plan.length; ++at) {
                const float now = lane[at * plan.inner];
                const float then = lane[best * plan.inner];
                best = (minimum ? now < then : now > then) ? at : best;
            }
            out[o * plan.inner + i] = static_cast<float>(best);
        }
}

void topK(const LanePlan& plan, const TopKOp& op, float* values, float* indices, const float* in) {
    const auto k = static_cast<std::size_t>(op.k);
    std::vector<std::size_t> order(plan.length);
    for (std::size_t o = 0; o < plan.outer; ++o)
        for (std::size_t i = 0; i < plan.inner; ++i) {
            const float* lane = in + o * plan.length * plan.inner + i;
            std::iota(order.begin(), order.end(), std::size_t{0});
            const auto comesFirst = [&](std::size_t a, std::size_t b) {
                const float left = lane[a * plan.inner];
                const float right = lane[b * plan.inner];
                if (left == right)
                    return a < b;
                return op.smallest ? left < right : left > right;
            };
            std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k),
                              order.end(), comesFirst);
            for (std::size_t n = 0; n < k; ++n) {
                const auto place = (o * k + n) * plan.inner + i;
                values[place] = lane[order[n] * plan.inner];
                indices[place] = static_cast<float>(order[n]);
            }
        }
}

void topKBackward(const LanePlan& plan, std::size_t k, float* result, const float* indices,
                  const float* gradient) {
    std::fill_n(result, plan.outer * plan.length * plan.inner, 0.0F);
    for (std::size_t o = 0; o < plan.outer; ++o)
        for (std::size_t n = 0; n < k; ++n)
            for (std::size_t i = 0; i < plan.inner; ++i) {
                const auto place = (o * k + n) * plan.inner + i;
                const auto at = static_cast<std::size_t>(indices[place]);
                result[(o * plan.length + at) * plan.inner + i] = gradient[place];
            }
}

namespace {

std::size_t entryOf(const LanePlan& plan, float index) {
    return static_cast<std::size_t>(index < 0 ? index + static_cast<float>(plan.length) : index);
}

} // namespace

void gather(const LanePlan& plan, const std::string& path, float* out, const float* in,
            const float* indices, std::size_t count) {
    const auto length = static_cast<float>(plan.length);
    for (std::size_t n = 0; n < count; ++n)
        if (!(indices[n] >= -length && indices[n] < length))
            throw Error("{}: index {} is outside of 0 to {}", path, indices[n], plan.length - 1);
    for (std::size_t o = 0; o < plan.outer; ++o)
        for (std::size_t n = 0; n < count; ++n)
            std::copy_n(in + (o * plan.length + entryOf(plan, indices[n])) * plan.inner, plan.inner,
                        out + (o * count + n) * plan.inner);
}

void gatherBackward(const LanePlan& plan, float* result, const float* indices, std::size_t count,
                    const float* gradient) {
    std::fill_n(result, plan.outer * plan.length * plan.inner, 0.0F);
    for (std::size_t o = 0; o < plan.outer; ++o)
        for (std::size_t n = 0; n < count; ++n) {
            float* to = result + (o * plan.length + entryOf(plan, indices[n])) * plan.inner;
            const float* from = gradient + (o * count + n) * plan.inner;
            for (std::size_t i = 0; i < plan.inner; ++i)
                to[i] += from[i];
        }
}

} // namespace gradwright::onednn
