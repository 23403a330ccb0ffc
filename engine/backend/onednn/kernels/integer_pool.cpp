// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/integer_pool.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/simd.h"

#include <algorithm>
#include <array>
#include <vector>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 16384; // elements that are read
/// Positions whose bytes are summed in 32 bits: 255 · 2^23 is below 2^31.
constexpr std::int64_t kExactPositions = std::int64_t{1} << 23;

template <class In>
GRADWRIGHT_CLONES void addBytes(std::int32_t* sums, const In* x, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        sums[i] += static_cast<std::int32_t>(x[i]);
}

/// From `first` to `end` along each axis: what lies inside the image.
struct Box {
    std::array<std::int64_t, 3> first{}, end{};

    [[nodiscard]] std::int64_t count() const {
        return (end[0] - first[0]) * (end[1] - first[1]) * (end[2] - first[2]);
    }
};

Box boxAt(const IntegerPoolPlan& plan, std::size_t position) {
    Box box;
    auto rest = static_cast<std::int64_t>(position);
    for (std::size_t axis = 3; axis-- > 0;) {
        const auto begin =
            rest % plan.out[axis] * plan.pool.stride[axis] - plan.pool.padding.before(axis);
        box.first[axis] = std::max<std::int64_t>(begin, 0);
        box.end[axis] = std::min(begin + plan.pool.kernel[axis], plan.in[axis]);
        rest /= plan.out[axis];
    }
    return box;
}

/// The sums of all channels over a box of one sample, whose zero points are still in them.
template <class In>
void sumBox(const IntegerPoolPlan& plan, const Box& box, const In* sample,
            std::vector<std::int64_t>& sums, std::vector<std::int32_t>& part) {
    std::ranges::fill(sums, 0);
    std::ranges::fill(part, 0);
    std::int64_t pending = 0;
    const auto flush = [&] {
        for (std::size_t c = 0; c < sums.size(); ++c)
            sums[c] += part[c];
        std::ranges::fill(part, 0);
        pending = 0;
    };
    for (auto z = box.first[0]; z < box.end[0]; ++z)
        for (auto y = box.first[1]; y < box.end[1]; ++y)
            for (auto at = box.first[2]; at < box.end[2]; ++at) {
                const auto place = (z * plan.in[1] + y) * plan.in[2] + at;
                addBytes(part.data(), sample + static_cast<std::size_t>(place) * plan.channels,
                         plan.channels);
                if (++pending == kExactPositions)
                    flush();
            }
    flush();
}

} // namespace

IntegerPoolPlan::IntegerPoolPlan(const QuantizedPoolOp& what, const Shape& x, const Shape& made)
    : finisher(what)
    , zero(what.x.zero)
    , samples(static_cast<std::size_t>(x[0]))
    , channels(static_cast<std::size_t>(x[1])) {
    std::vector<std::int64_t> sample(x.begin() + 1, x.end());
    pool = what.window(Shape(sample));
    for (std::size_t axis = 2; axis < x.rank(); ++axis) {
        in[axis - 2] = x[axis];
        out[axis - 2] = what.global ? 1 : made[axis];
    }
}

template <class In, class Out>
void poolIntegers(const IntegerPoolPlan& plan, Out* out, const In* x) {
    const auto positions = static_cast<std::size_t>(plan.out.product());
    const auto size = static_cast<std::size_t>(plan.in.product()) * plan.channels;
    const auto reads = static_cast<std::size_t>(plan.pool.kernel.product()) * plan.channels;
    const auto grain = std::max<std::size_t>(kGrain / std::max<std::size_t>(reads, 1), 1);
    forChunks(plan.samples * positions, grain, [&](std::size_t begin, std::size_t end) {
        std::vector<std::int64_t> sums(plan.channels);
        std::vector<std::int32_t> part(plan.channels);
        for (auto i = begin; i < end; ++i) {
            const auto box = boxAt(plan, i % positions);
            sumBox(plan, box, x + i / positions * size, sums, part);
            const auto inside = box.count();
            const auto count = plan.pool.countPadding ? plan.pool.kernel.product() : inside;
            const auto multiplier = plan.finisher.multiplier(count);
            for (std::size_t c = 0; c < plan.channels; ++c)
                out[i * plan.channels + c] = static_cast<Out>(
                    plan.finisher(sums[c] - inside * std::int64_t{plan.zero}, multiplier));
        }
    });
}

template void poolIntegers(const IntegerPoolPlan&, std::uint8_t*, const std::uint8_t*);
template void poolIntegers(const IntegerPoolPlan&, std::uint8_t*, const std::int8_t*);
template void poolIntegers(const IntegerPoolPlan&, std::int8_t*, const std::uint8_t*);
template void poolIntegers(const IntegerPoolPlan&, std::int8_t*, const std::int8_t*);

} // namespace gradwright::onednn
