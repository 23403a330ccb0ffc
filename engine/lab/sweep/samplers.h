// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/sweep/search_space.h"
#include "engine/support/rng.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace gradwright {

/// A stream of its own, so that no draw of a training is repeated.
inline constexpr auto kSearchStream = static_cast<RngStream>(9);

/// A point that was tried.
struct SearchResult {
    SearchPoint point;
    double value = 0; ///< the smaller the better; infinite or NaN where it failed
};

/// How many points a grid has, saturating.
std::int64_t gridSize(const SearchSpace& space);
/// The index-th point of the grid, the last dimension changing first; nothing behind its end.
std::optional<SearchPoint> gridPoint(const SearchSpace& space, std::int64_t index);

/// Whether a space has a number of points: of lists alone, gridSize() many.
bool isFinite(const SearchSpace& space);

/// Drawn evenly from the space, on each dimension's own scale. A function of seed and index. Of a
/// finite space the indices below gridSize() give each point once, since a training that is
/// repeated with its seed says nothing new.
SearchPoint randomPoint(const SearchSpace& space, std::uint64_t seed, std::int64_t index);

/// The index-th point of Sobol's sequence, shifted by the seed.
SearchPoint sobolSearchPoint(const SearchSpace& space, std::uint64_t seed, std::int64_t index);

/// What a tree-structured Parzen estimator tries next: J. Bergstra, R. Bardenet, Y. Bengio and
/// B. Kégl, "Algorithms for hyper-parameter optimization", NIPS 2011. The best share of the results
/// and the others give two densities, a product of one per dimension; of the candidates drawn from
/// the good one that with the largest ratio of both is taken. Points are random until kTpeStart
/// have ended. Points of `running` trials count among the others, as if they had ended as the worst
/// (a "constant liar": D. Ginsbourger, R. Le Riche and L. Carraro, "Kriging is well-suited to
/// parallelize optimization", 2010), so that what begins beside them lies elsewhere. A function of
/// seed, results and running points.
SearchPoint tpePoint(const SearchSpace& space, std::uint64_t seed,
                     const std::vector<SearchResult>& done,
                     const std::vector<SearchPoint>& running = {});

inline constexpr std::size_t kTpeStart = 10;
inline constexpr std::size_t kTpeCandidates = 24;

} // namespace gradwright
