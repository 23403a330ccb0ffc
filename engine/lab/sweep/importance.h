// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/sweep/samplers.h"

#include <vector>

namespace gradwright {

/// How much of the differences between results each dimension explains, from 0 to 1: the
/// Kruskal-Wallis ε² = max(0, (H - k + 1) / (n - k)) of the results in k groups (M. Tomczak and
/// E. Tomczak 2014, "The need to report effect size estimates revisited"), where H is corrected for
/// ties. It goes by ranks, so one training that has diverged does not drown the others, and a
/// dimension without effect has 0 on average. A list's values are the groups; a range is cut into
/// groups of equally many results, 4 at least and 5 groups at most. What failed ranks last.
/// Interactions of dimensions are not seen.
std::vector<double> importanceOf(const SearchSpace& space,
                                 const std::vector<SearchResult>& results);

/// ε² of values in groups, as above; 0 with fewer than two groups or as many groups as values.
double kruskalEpsilonSquared(const std::vector<std::vector<double>>& groups);

} // namespace gradwright
