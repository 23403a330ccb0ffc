// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/sweep/samplers.h"

#include "engine/lab/sweep/sobol.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <limits>

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

SearchPoint randomPoint(const SearchSpace& space, std::uint64_t seed, std::int64_t index) {
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
