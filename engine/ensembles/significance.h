// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/outcomes.h"

#include <cstdint>
#include <span>
#include <stop_token>

namespace gradwright {

/// McNemar's test of two classifiers on the same samples (McNemar 1947): whether the samples that
/// one alone gets right are as many as those that the other alone does.
struct McNemar {
    std::int64_t firstOnly = 0;  ///< that the first alone gets right
    std::int64_t secondOnly = 0; ///< that the second alone gets right
    double p = 1;                ///< of such a difference, or a larger one, between equal ones
    /// From the binomial distribution where fewer than 25 samples differ, else from χ² with one
    /// degree of freedom, (|b - c| - 1)² / (b + c) (Edwards 1948).
    bool isExact = true;
};
McNemar mcNemar(std::int64_t firstOnly, std::int64_t secondOnly);
/// Throws Error unless both are on the same samples, which have classes.
McNemar mcNemar(const Outcomes& first, const Outcomes& second);

/// Where the difference of two means lies, by drawing samples with replacement, for both the same
/// (Efron 1979).
struct PairedBootstrap {
    double difference = 0; ///< mean of the second minus mean of the first
    double low = 0;        ///< 95 % of the draws lie between these (2.5 % and 97.5 %)
    double high = 0;
    /// Twice the share of draws on the other side of 0, at least 1 / (draws + 1).
    double p = 1;
    std::int64_t draws = 0;
};
/// `first` and `second` hold a number a sample, such as 1 where it was read right or its squared
/// error. Seeded. Throws Error for other sizes or no samples.
PairedBootstrap pairedBootstrap(std::span<const double> first, std::span<const double> second,
                                std::int64_t draws, std::uint64_t seed);

/// For each sample 1 where it was read right, else 0; of values the mean squared error.
std::vector<double> samplewise(const Outcomes& outcomes);

/// P(T ≤ t) of Student's distribution with so many degrees of freedom, at least 1.
double studentCdf(double t, std::int64_t degrees);
/// Where studentCdf() is `probability`, in (0, 1).
double studentQuantile(double probability, std::int64_t degrees);

/// A mean with the interval that holds the true one in 95 % of cases, if the values were
/// independent: mean ± t s / √n. Values of folds are not (their trainings share samples), so the
/// true interval is wider (Bengio, Grandvalet 2004).
struct MeanInterval {
    double mean = 0;
    double deviation = 0; ///< of the values (n - 1)
    double half = 0;      ///< half the interval's width
};
/// Throws Error for fewer than two values.
MeanInterval meanInterval(std::span<const double> values);

} // namespace gradwright
