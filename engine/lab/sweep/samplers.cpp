// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/sweep/samplers.h"

#include "engine/lab/sweep/sobol.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace gradwright {

std::int64_t gridSize(const SearchSpace& space) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    std::int64_t size = 1;
    for (const auto& dimension : space) {
        const auto count = static_cast<std::int64_t>(dimension.grid(kGridPoints).size());
        size = size > kMost / count ? kMost : size * count;
    }
    return size;
}

std::optional<SearchPoint> gridPoint(const SearchSpace& space, std::int64_t index) {
    if (index >= gridSize(space))
        return {};
    SearchPoint point(space.size());
    for (auto d = space.size(); d-- > 0;) {
        const auto values = space[d].grid(kGridPoints);
        const auto count = static_cast<std::int64_t>(values.size());
        point[d] = values[static_cast<std::size_t>(index % count)];
        index /= count;
    }
    return point;
}

bool isFinite(const SearchSpace& space) {
    return std::ranges::all_of(space, &Dimension::isList);
}

namespace {

/// The place of an index in a shuffle of so many: the steps of Fisher's and Yates' shuffle up to
/// it, with no more of the list than they have moved.
std::int64_t shuffled(std::uint64_t seed, std::int64_t index, std::int64_t size) {
    const Rng rng(seed, kSearchStream);
    std::unordered_map<std::int64_t, std::int64_t> moved;
    const auto at = [&](std::int64_t place) {
        const auto found = moved.find(place);
        return found == moved.end() ? place : found->second;
    };
    for (std::int64_t i = 0; i <= index; ++i) {
        const auto other =
            i + static_cast<std::int64_t>(
                    rng.below(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(size - i)));
        const auto taken = at(other);
        if (i == index)
            return taken;
        moved[other] = at(i);
    }
    return index;
}

} // namespace

SearchPoint randomPoint(const SearchSpace& space, std::uint64_t seed, std::int64_t index) {
    if (isFinite(space) && index < gridSize(space))
        return *gridPoint(space, shuffled(seed, index, gridSize(space)));
    const Rng rng(seed, kSearchStream, static_cast<std::uint32_t>(index));
    SearchPoint point;
    for (std::size_t d = 0; d < space.size(); ++d)
        point.push_back(space[d].at(rng.uniform(d)));
    return point;
}

SearchPoint sobolSearchPoint(const SearchSpace& space, std::uint64_t seed, std::int64_t index) {
    const Rng rng(seed, kSearchStream);
    std::vector<std::uint32_t> shift;
    for (std::size_t d = 0; d < space.size(); ++d)
        shift.push_back(rng.bits(d));
    const auto units = sobolPoint(static_cast<std::uint64_t>(index), space.size(), shift);
    SearchPoint point;
    for (std::size_t d = 0; d < space.size(); ++d)
        point.push_back(space[d].at(units[d]));
    return point;
}

} // namespace gradwright
