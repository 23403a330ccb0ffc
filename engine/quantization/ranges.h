// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/quantization/byte_range.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// How the range is found that integers of 8 bits cover.
enum class RangeMethod { MinMax, Percentile, Entropy, MeanSquaredError };

struct RangeMethodInfo {
    RangeMethod method;
    std::string_view key;   ///< "min-max"
    std::string_view title; ///< "Smallest and largest value"
    std::string_view text;
};
std::span<const RangeMethodInfo> rangeMethods();
/// Throws Error naming those that there are.
RangeMethod rangeMethodFromKey(std::string_view key);

/// What has been seen of a value: first its limits, then how often its elements lie where between
/// them. Numbers that are not finite are an Error.
class ValueHistogram {
public:
    static constexpr std::size_t kBins = 2048;

    void widen(std::span<const float> values);
    /// After all of widen().
    void count(std::span<const float> values);

    [[nodiscard]] double least() const { return least_; } ///< at most 0
    [[nodiscard]] double most() const { return most_; }   ///< at least 0
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }
    [[nodiscard]] double binWidth() const;
    /// The middle of a bin.
    [[nodiscard]] double valueOf(std::size_t bin) const;

private:
    double least_ = 0, most_ = 0;
    std::vector<std::uint64_t> counts_;
};

/// The range by a method:
/// min-max: all that was seen.
/// Percentile: without the 0.01 % of the elements that are the largest, and so at the other end.
/// Entropy: what is beyond a threshold is cut off; of all thresholds the one for which the
/// quantized distribution tells most of the real one (the smallest Kullback-Leibler divergence; S.
/// Migacz, 8-bit inference with TensorRT, 2017), on the values' sizes, zeros left out.
/// Mean squared error: the share of the whole range for which the expected squared error of
/// rounding and cutting off is the smallest.
ValueRange rangeFor(const ValueHistogram& histogram, RangeMethod method, ByteKind kind);

} // namespace gradwright
