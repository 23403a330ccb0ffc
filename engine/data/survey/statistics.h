// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gradwright {

/// What some numbers are, in their own unit; all 0 where there are none.
struct NumberStatistics {
    double minimum = 0;
    double maximum = 0;
    double mean = 0;
    double deviation = 0; ///< of the population: the squares are divided by their number
    double median = 0;    ///< of an even number of values, the mean of the two in the middle

    bool operator==(const NumberStatistics&) const = default;
};

/// Infinities and NaN must not be among the values.
NumberStatistics statisticsOf(std::span<const double> values);

/// How many values lie in each of equally wide bins between `first` and `last`. A value on the
/// border of two bins is in the upper one, `last` in the last one.
struct Histogram {
    double first = 0;
    double last = 0;
    std::vector<std::int64_t> counts; ///< none without values

    bool operator==(const Histogram&) const = default;
};

/// Of up to 40 bins: one for each number (first and last are half a number beyond) where all values
/// are whole and lie within 40 numbers; else bins of twice the interquartile range over the cube
/// root of the number of values (Freedman, Diaconis: "On the histogram as a density estimator",
/// Z. Wahrscheinlichkeitstheorie 57, 1981), but at least 5. Equal values are one bin.
Histogram histogramOf(std::span<const double> values);

// How strongly two columns go together. Nothing where that is not defined: fewer than two values,
// or a column in which all are equal.

/// The correlation of Pearson, in [-1, 1], of values that belong together by their place.
std::optional<double> pearson(std::span<const double> x, std::span<const double> y);

/// The correlation ratio η, in [0, 1]: the root of the share of the values' variance that lies
/// between the groups (Fisher: "Statistical methods for research workers", 1925, § 45). `groups`
/// holds the group of each value, in 0 … groupCount - 1.
std::optional<double> correlationRatio(std::span<const std::uint32_t> groups,
                                       std::size_t groupCount, std::span<const double> values);

/// Cramér's V, in [0, 1]: the root of χ² of the table of counts over the number of pairs times one
/// less than the smaller number of categories (Cramér: "Mathematical methods of statistics", 1946,
/// § 21.9). Categories that do not occur count not. Not corrected for its bias, which is large
/// where there are few pairs for each combination.
std::optional<double> cramersV(std::span<const std::uint32_t> a, std::size_t aCount,
                               std::span<const std::uint32_t> b, std::size_t bCount);

} // namespace gradwright
