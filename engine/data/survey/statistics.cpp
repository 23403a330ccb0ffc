// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/survey/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gradwright {
namespace {

constexpr std::size_t kMostBins = 40;
constexpr std::size_t kLeastBins = 5;

double meanOf(std::span<const double> values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double squaresAround(std::span<const double> values, double mean) {
    double sum = 0;
    for (const double value : values)
        sum += (value - mean) * (value - mean);
    return sum;
}

/// Linear between the two nearest values, as NumPy's percentile() does; `values` are sorted.
double sampleQuantile(const std::vector<double>& values, double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);
    const double part = place - static_cast<double>(below);
    return values[below] + part * (values[above] - values[below]);
}

bool areFewWholeNumbers(const std::vector<double>& sorted) {
    return sorted.back() - sorted.front() < static_cast<double>(kMostBins) &&
           std::ranges::all_of(sorted, [](double value) { return value == std::floor(value); });
}

std::size_t binsFor(const std::vector<double>& sorted) {
    const double range = sorted.back() - sorted.front();
    const double width = 2 * (sampleQuantile(sorted, 0.75) - sampleQuantile(sorted, 0.25)) /
                         std::cbrt(static_cast<double>(sorted.size()));
    if (!(width > 0) || range / width >= static_cast<double>(kMostBins))
        return kMostBins;
    return std::max(kLeastBins, static_cast<std::size_t>(std::ceil(range / width)));
}

} // namespace

NumberStatistics statisticsOf(std::span<const double> values) {
    if (values.empty())
        return {};
    std::vector<double> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    NumberStatistics result;
    result.minimum = sorted.front();
    result.maximum = sorted.back();
    result.mean = meanOf(values);
    result.deviation =
        std::sqrt(squaresAround(values, result.mean) / static_cast<double>(values.size()));
    result.median = sampleQuantile(sorted, 0.5);
    return result;
}

Histogram histogramOf(std::span<const double> values) {
    if (values.empty())
        return {};
    std::vector<double> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    Histogram result{sorted.front(), sorted.back(), {}};
    std::size_t bins = 1;
    if (areFewWholeNumbers(sorted)) {
        bins = static_cast<std::size_t>(result.last - result.first) + 1;
        result.first -= 0.5;
        result.last += 0.5;
    } else if (result.last > result.first) {
        bins = binsFor(sorted);
    }
    result.counts.resize(bins);
    const double range = result.last - result.first;
    for (const double value : sorted) {
        const double place =
            range > 0 ? (value - result.first) / range * static_cast<double>(bins) : 0;
        ++result.counts[std::min(static_cast<std::size_t>(place), bins - 1)];
    }
    return result;
}

std::optional<double> pearson(std::span<const double> x, std::span<const double> y) {
    if (x.size() < 2)
        return {};
    const double meanX = meanOf(x);
    const double meanY = meanOf(y);
    double products = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
        products += (x[i] - meanX) * (y[i] - meanY);
    const double squares = squaresAround(x, meanX) * squaresAround(y, meanY);
    if (!(squares > 0))
        return {};
    return std::clamp(products / std::sqrt(squares), -1.0, 1.0);
}

std::optional<double> correlationRatio(std::span<const std::uint32_t> groups,
                                       std::size_t groupCount, std::span<const double> values) {
    if (values.size() < 2)
        return {};
    std::vector<double> sums(groupCount);
    std::vector<double> counts(groupCount);
    for (std::size_t i = 0; i < values.size(); ++i) {
        sums[groups[i]] += values[i];
        counts[groups[i]] += 1;
    }
    const double mean = meanOf(values);
    double between = 0;
    for (std::size_t group = 0; group < groupCount; ++group)
        if (counts[group] > 0) {
            const double off = sums[group] / counts[group] - mean;
            between += counts[group] * off * off;
        }
    const double all = squaresAround(values, mean);
    const auto present = std::ranges::count_if(counts, [](double count) { return count > 0; });
    if (!(all > 0) || present < 2)
        return {};
    return std::sqrt(std::clamp(between / all, 0.0, 1.0));
}

std::optional<double> cramersV(std::span<const std::uint32_t> a, std::size_t aCount,
                               std::span<const std::uint32_t> b, std::size_t bCount) {
    std::vector<double> table(aCount * bCount);
    std::vector<double> ofA(aCount);
    std::vector<double> ofB(bCount);
    for (std::size_t i = 0; i < a.size(); ++i) {
        table[a[i] * bCount + b[i]] += 1;
        ofA[a[i]] += 1;
        ofB[b[i]] += 1;
    }
    const auto present = [](const std::vector<double>& counts) {
        return std::ranges::count_if(counts, [](double count) { return count > 0; });
    };
    const auto least = std::min(present(ofA), present(ofB));
    if (least < 2)
        return {};
    // χ² / n = Σ observed² / (row × column) - 1, without a division by 0 for empty cells.
    double sum = 0;
    for (std::size_t i = 0; i < aCount; ++i)
        for (std::size_t j = 0; j < bCount; ++j)
            if (const double count = table[i * bCount + j]; count > 0)
                sum += count / ofA[i] * (count / ofB[j]);
    return std::sqrt(std::clamp((sum - 1) / static_cast<double>(least - 1), 0.0, 1.0));
}

} // namespace gradwright
