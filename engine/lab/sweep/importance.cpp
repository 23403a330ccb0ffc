// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/sweep/importance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace gradwright {
namespace {

constexpr std::size_t kLeastInGroup = 4;
constexpr std::size_t kMostGroups = 5;

double rankable(double value) {
    return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
}

/// Results of a range in groups of equally many, by the dimension's value; equal values stay
/// together.
std::vector<std::vector<double>> rangeGroups(const Dimension& dimension, std::size_t d,
                                             const std::vector<SearchResult>& results) {
    std::vector<std::pair<double, double>> sorted;
    for (const auto& result : results)
        sorted.emplace_back(dimension.unitOf(result.point[d]), rankable(result.value));
    std::ranges::stable_sort(sorted, {}, &std::pair<double, double>::first);
    const auto count = std::clamp<std::size_t>(sorted.size() / kLeastInGroup, 1, kMostGroups);
    std::vector<std::vector<double>> groups(count);
    std::size_t group = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const bool isNew = i == 0 || sorted[i].first > sorted[i - 1].first;
        if (isNew)
            group = i * count / sorted.size();
        groups[group].push_back(sorted[i].second);
    }
    std::erase_if(groups, [](const auto& each) { return each.empty(); });
    return groups;
}

} // namespace

double kruskalEpsilonSquared(const std::vector<std::vector<double>>& groups) {
    std::map<double, std::size_t> counts;
    std::size_t total = 0;
    for (const auto& group : groups)
        for (const auto value : group) {
            ++counts[value];
            ++total;
        }
    const auto n = static_cast<double>(total);
    const auto k = static_cast<double>(groups.size());
    if (groups.size() < 2 || total <= groups.size())
        return 0;
    std::map<double, double> ranks; // of equal values the mean
    double below = 0;
    double ties = 0;
    for (const auto& [value, count] : counts) {
        const auto c = static_cast<double>(count);
        ranks[value] = below + (c + 1) / 2;
        below += c;
        ties += c * c * c - c;
    }
    const double correction = 1 - ties / (n * n * n - n);
    if (correction <= 0)
        return 0; // all are equal
    double sum = 0;
    for (const auto& group : groups) {
        double rankSum = 0;
        for (const auto value : group)
            rankSum += ranks[value];
        if (!group.empty())
            sum += rankSum * rankSum / static_cast<double>(group.size());
    }
    const double h = (12 / (n * (n + 1)) * sum - 3 * (n + 1)) / correction;
    return std::clamp((h - k + 1) / (n - k), 0.0, 1.0);
}

std::vector<double> importanceOf(const SearchSpace& space,
                                 const std::vector<SearchResult>& results) {
    std::vector<double> importance;
    for (std::size_t d = 0; d < space.size(); ++d) {
        const auto& dimension = space[d];
        if (!dimension.isList()) {
            importance.push_back(kruskalEpsilonSquared(rangeGroups(dimension, d, results)));
            continue;
        }
        std::map<std::string, std::vector<double>> byValue;
        for (const auto& result : results)
            byValue[result.point[d]].push_back(rankable(result.value));
        std::vector<std::vector<double>> groups;
        for (auto& [value, group] : byValue)
            groups.push_back(std::move(group));
        importance.push_back(kruskalEpsilonSquared(groups));
    }
    return importance;
}

} // namespace gradwright
