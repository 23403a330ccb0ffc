// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ensembles/significance.h"

#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gradwright {
namespace {

/// P(X ≤ k) of n throws of a fair coin.
double coinCdf(std::int64_t k, std::int64_t n) {
    const auto count = static_cast<double>(n);
    double sum = 0;
    for (std::int64_t i = 0; i <= k; ++i) {
        const auto heads = static_cast<double>(i);
        sum += std::exp(std::lgamma(count + 1) - std::lgamma(heads + 1) -
                        std::lgamma(count - heads + 1) - count * std::numbers::ln2);
    }
    return std::min(1.0, sum);
}

/// The value below which that share of sorted values lies, between two of them linearly.
double quantileOf(const std::vector<double>& sorted, double share) {
    const auto place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

} // namespace

McNemar mcNemar(std::int64_t firstOnly, std::int64_t secondOnly) {
    constexpr std::int64_t kFewest = 25; // for the approximation by χ²
    McNemar made{firstOnly, secondOnly};
    const auto different = firstOnly + secondOnly;
    made.isExact = different < kFewest;
    if (made.isExact) {
        made.p = std::min(1.0, 2 * coinCdf(std::min(firstOnly, secondOnly), different));
    } else {
        const auto off = std::abs(static_cast<double>(firstOnly - secondOnly)) - 1;
        made.p = std::erfc(std::sqrt(off * off / static_cast<double>(different) / 2));
    }
    return made;
}

McNemar mcNemar(const Outcomes& first, const Outcomes& second) {
    if (first.kind() != MetricKind::Classes || first.labels != second.labels)
        throw Error("McNemar's test needs two classifiers on the same samples");
    const auto a = readingsOf(first);
    const auto b = readingsOf(second);
    std::int64_t firstOnly = 0;
    std::int64_t secondOnly = 0;
    for (std::size_t n = 0; n < a.size(); ++n) {
        firstOnly += a[n].correct() && !b[n].correct() ? 1 : 0;
        secondOnly += b[n].correct() && !a[n].correct() ? 1 : 0;
    }
    return mcNemar(firstOnly, secondOnly);
}

PairedBootstrap pairedBootstrap(std::span<const double> first, std::span<const double> second,
                                std::int64_t draws, std::uint64_t seed) {
    if (first.size() != second.size() || first.empty() || draws < 1)
        throw Error("a paired bootstrap needs a number from both for each sample, not {} and {}",
                    first.size(), second.size());
    std::vector<double> off(first.size());
    std::ranges::transform(second, first, off.begin(), std::minus());
    const auto count = static_cast<double>(off.size());
    PairedBootstrap made;
    made.draws = draws;
    for (const auto each : off)
        made.difference += each / count;
    std::vector<double> means(static_cast<std::size_t>(draws));
    for (std::size_t draw = 0; draw < means.size(); ++draw) {
        const Rng rng(seed, RngStream::Bootstrap, static_cast<std::uint32_t>(draw));
        double sum = 0;
        for (std::size_t n = 0; n < off.size(); ++n)
            sum += off[rng.below(n, off.size())];
        means[draw] = sum / count;
    }
    std::ranges::sort(means);
    made.low = quantileOf(means, 0.025);
    made.high = quantileOf(means, 0.975);
    const auto notAbove = std::ranges::count_if(means, [](double mean) { return mean <= 0; });
    const auto notBelow = std::ranges::count_if(means, [](double mean) { return mean >= 0; });
    const auto fewer = static_cast<double>(std::min(notAbove, notBelow));
    made.p = std::min(1.0, 2 * (fewer + 1) / static_cast<double>(draws + 1));
    return made;
}

std::vector<double> samplewise(const Outcomes& outcomes) {
    std::vector<double> made;
    if (outcomes.kind() == MetricKind::Classes) {
        for (const auto& reading : readingsOf(outcomes))
            made.push_back(reading.correct() ? 1 : 0);
        return made;
    }
    for (std::size_t n = 0; n < outcomes.targets.size(); n += outcomes.elements) {
        double sum = 0;
        for (std::size_t i = 0; i < outcomes.elements; ++i) {
            const auto off = static_cast<double>(outcomes.outputs[n + i]) -
                             static_cast<double>(outcomes.targets[n + i]);
            sum += off * off;
        }
        made.push_back(sum / static_cast<double>(outcomes.elements));
    }
    return made;
}

// Abramowitz, Stegun (1964), 26.7.3 and 26.7.4: finite sums for whole degrees of freedom.
double studentCdf(double t, std::int64_t degrees) {
    const auto angle = std::atan(t / std::sqrt(static_cast<double>(degrees)));
    const auto cosine = std::cos(angle);
    const auto sine = std::sin(angle);
    double between = 0; // P(-t ≤ T ≤ t), with t's sign
    if (degrees % 2 == 0) {
        double term = 1;
        double sum = 1;
        for (std::int64_t i = 2; i < degrees; i += 2) {
            term *= static_cast<double>(i - 1) / static_cast<double>(i) * cosine * cosine;
            sum += term;
        }
        between = sine * sum;
    } else {
        double term = cosine;
        double sum = degrees > 1 ? cosine : 0;
        for (std::int64_t i = 3; i < degrees; i += 2) {
            term *= static_cast<double>(i - 1) / static_cast<double>(i) * cosine * cosine;
            sum += term;
        }
        between = 2 / std::numbers::pi * (angle + sine * sum);
    }
    return (1 + between) / 2;
}

double studentQuantile(double probability, std::int64_t degrees) {
    double low = -1;
    double high = 1;
    while (studentCdf(low, degrees) > probability)
        low *= 2;
    while (studentCdf(high, degrees) < probability)
        high *= 2;
    constexpr int kHalvings = 100; // down to the last bit
    for (int i = 0; i < kHalvings; ++i) {
        const auto middle = low + (high - low) / 2;
        (studentCdf(middle, degrees) < probability ? low : high) = middle;
    }
    return high;
}

MeanInterval meanInterval(std::span<const double> values) {
    if (values.size() < 2)
        throw Error("an interval needs at least two values");
    const auto count = static_cast<double>(values.size());
    MeanInterval made;
    for (const auto value : values)
        made.mean += value / count;
    double squares = 0;
    for (const auto value : values)
        squares += (value - made.mean) * (value - made.mean);
    made.deviation = std::sqrt(squares / (count - 1));
    made.half = studentQuantile(0.975, static_cast<std::int64_t>(values.size()) - 1) *
                made.deviation / std::sqrt(count);
    return made;
}

} // namespace gradwright
