// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/memory/arena_plan.h"

#include "engine/tensor/aligned_buffer.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace gradwright {
namespace {

using Lives = std::vector<Life>;

/// Buffers that lie in the memory of another, by that other's number.
class Sharing {
public:
    explicit Sharing(std::size_t buffers)
        : roots_(buffers) {
        std::iota(roots_.begin(), roots_.end(), std::size_t{0});
    }
    [[nodiscard]] std::size_t rootOf(std::size_t buffer) const {
        while (roots_[buffer] != buffer)
            buffer = roots_[buffer];
        return buffer;
    }
    void join(std::size_t buffer, std::size_t root) { roots_[buffer] = root; }

private:
    std::vector<std::size_t> roots_;
};

/// Whether at each execution of a step one life of the input ends and one of the output begins.
bool handsOver(const Lives& input, const Lives& output, const std::vector<std::size_t>& places) {
    return input.size() == places.size() && output.size() == places.size() &&
           std::ranges::equal(input, places, {}, &Life::last) &&
           std::ranges::equal(output, places, {}, &Life::first);
}

Sharing shareMemory(const Outline& outline, const Execution& execution, std::vector<Lives>& lives) {
    Sharing sharing(outline.bytes.size());
    std::vector<std::vector<std::size_t>> places(outline.steps.size());
    for (std::size_t at = 0; at < execution.order.size(); ++at)
        if (outline.steps[execution.order[at]].inPlace)
            places[execution.order[at]].push_back(at);
    for (std::size_t i = 0; i < outline.steps.size(); ++i) {
        if (!outline.steps[i].inPlace)
            continue;
        const auto& [output, given] = *outline.steps[i].inPlace;
        const auto input = sharing.rootOf(given);
        if (outline.bytes[output] > outline.bytes[input] ||
            !handsOver(lives[input], lives[output], places[i]))
            continue;
        sharing.join(output, input);
        for (std::size_t life = 0; life < lives[input].size(); ++life)
            lives[input][life].last = lives[output][life].last;
        lives[output].clear();
    }
    return sharing;
}

bool overlap(const Lives& a, const Lives& b) {
    return std::ranges::any_of(a, [&](const Life& one) {
        return std::ranges::any_of(b, [&](const Life& other) {
            return one.first <= other.last && other.first <= one.last;
        });
    });
}

} // namespace

ArenaPlan planArena(const Outline& outline, const Execution& execution) {
    auto lives = execution.lives;
    const auto sharing = shareMemory(outline, execution, lives);
    std::vector<std::size_t> order;
    for (std::size_t buffer = 0; buffer < lives.size(); ++buffer)
        if (!lives[buffer].empty())
            order.push_back(buffer);
    std::ranges::stable_sort(order, std::greater<>(),
                             [&](std::size_t buffer) { return outline.bytes[buffer]; });

    struct Placed {
        std::size_t begin, end, buffer;
    };
    std::vector<Placed> placed; // by begin
    ArenaPlan plan;
    plan.offsets.resize(outline.bytes.size());
    for (const auto buffer : order) {
        constexpr auto align = AlignedBuffer::kAlignment;
        const auto bytes = (outline.bytes[buffer] + align - 1) / align * align;
        std::size_t offset = 0;
        for (const auto& other : placed) {
            if (!overlap(lives[other.buffer], lives[buffer]))
                continue;
            if (offset + bytes <= other.begin)
                break;
            offset = std::max(offset, other.end);
        }
        const Placed place{offset, offset + bytes, buffer};
        placed.insert(std::ranges::upper_bound(placed, offset, {}, &Placed::begin), place);
        plan.offsets[buffer] = offset;
        plan.bytes = std::max(plan.bytes, place.end);
    }
    for (std::size_t buffer = 0; buffer < lives.size(); ++buffer)
        plan.offsets[buffer] = plan.offsets[sharing.rootOf(buffer)];
    return plan;
}

} // namespace gradwright
