// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/quantization/ranges.h"

#include "engine/ops/integers.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

constexpr std::array kRangeMethods{
    RangeMethodInfo{RangeMethod::MinMax, "min-max", "Smallest and largest value",
                    "The range is all that was seen. Nothing is cut off, and one outlier makes "
                    "the steps coarse for all."},
    RangeMethodInfo{RangeMethod::Percentile, "percentile", "Percentile",
                    "The 0.01 % of the elements that are the farthest out are cut off."},
    RangeMethodInfo{RangeMethod::Entropy, "entropy", "Entropy",
                    "The threshold loses the least information: the Kullback-Leibler divergence "
                    "between real and quantized distribution (Migacz 2017)."},
    RangeMethodInfo{RangeMethod::MeanSquaredError, "mse", "Mean squared error",
                    "The range makes the expected squared error of rounding and cutting off the "
                    "smallest."},
};

constexpr double kCutShare = 1e-4;

ValueRange percentileRange(const ValueHistogram& histogram) {
    const auto& counts = histogram.counts();
    std::uint64_t total = 0;
    for (const auto count : counts)
        total += count;
    const auto cut = static_cast<double>(total) * kCutShare;
    ValueRange range{histogram.least(), histogram.most()};
    double beyond = 0;
    for (std::size_t bin = counts.size(); bin-- > 0;) {
        beyond += static_cast<double>(counts[bin]);
        if (beyond > cut) {
            range.most = histogram.valueOf(bin) + histogram.binWidth() / 2;
            break;
        }
    }
    beyond = 0;
    for (std::size_t bin = 0; bin < counts.size(); ++bin) {
        beyond += static_cast<double>(counts[bin]);
        if (beyond > cut) {
            range.least = histogram.valueOf(bin) - histogram.binWidth() / 2;
            break;
        }
    }
    return {std::min(range.least, 0.0), std::max(range.most, 0.0)};
}

/// How often sizes |x| lie in each of kBins bins from 0 to the largest.
std::vector<double> sizesOf(const ValueHistogram& histogram, double largest) {
    std::vector<double> sizes(ValueHistogram::kBins, 0);
    const auto& counts = histogram.counts();
    for (std::size_t bin = 0; bin < counts.size(); ++bin) {
        const auto place =
            std::abs(histogram.valueOf(bin)) / largest * static_cast<double>(ValueHistogram::kBins);
        sizes[std::min(static_cast<std::size_t>(place), ValueHistogram::kBins - 1)] +=
            static_cast<double>(counts[bin]);
    }
    // Zeros, of which a ReLU makes many, are exact whatever the threshold is: they must not count
    // as lost among their neighbours.
    sizes[0] = sizes[1];
    return sizes;
}

/// The divergence of the first `kept` bins, those beyond them counted with the last, from what
/// `levels` levels make of them.
double divergenceOf(const std::vector<double>& sizes, std::size_t kept, std::size_t levels,
                    double total) {
    double beyond = 0;
    for (auto bin = kept; bin < sizes.size(); ++bin)
        beyond += sizes[bin];
    double divergence = 0;
    double levelsTotal = 0; // of the kept bins, without what is beyond
    for (std::size_t bin = 0; bin < kept; ++bin)
        levelsTotal += sizes[bin];
    if (levelsTotal == 0)
        return std::numeric_limits<double>::infinity();
    for (std::size_t level = 0; level < levels; ++level) {
        const auto first = level * kept / levels;
        const auto last = (level + 1) * kept / levels;
        double sum = 0;
        std::size_t filled = 0;
        for (auto bin = first; bin < last; ++bin) {
            const bool isFilled = sizes[bin] > 0 || (bin + 1 == kept && beyond > 0);
            sum += sizes[bin];
            filled += isFilled ? 1 : 0;
        }
        for (auto bin = first; bin < last; ++bin) {
            const auto real = (sizes[bin] + (bin + 1 == kept ? beyond : 0)) / total;
            if (real <= 0)
                continue;
            const auto made = sum / static_cast<double>(filled) / levelsTotal;
            // Nothing in the level but what was cut off: as rare as can be told.
            constexpr double kRarest = 1e-9;
            divergence += real * std::log(real / std::max(made, kRarest));
        }
    }
    return divergence;
}

ValueRange entropyRange(const ValueHistogram& histogram) {
    const ValueRange whole{histogram.least(), histogram.most()};
    const auto largest = std::max(-whole.least, whole.most);
    if (largest == 0)
        return whole;
    const auto sizes = sizesOf(histogram, largest);
    double total = 0;
    for (const auto size : sizes)
        total += size;
    const std::size_t levels = whole.least < 0 ? 128 : 255;
    double best = std::numeric_limits<double>::infinity();
    auto threshold = sizes.size();
    for (auto kept = levels; kept <= sizes.size(); ++kept)
        if (const auto divergence = divergenceOf(sizes, kept, levels, total); divergence < best) {
            best = divergence;
            threshold = kept;
        }
    const auto limit =
        largest * static_cast<double>(threshold) / static_cast<double>(ValueHistogram::kBins);
    return {std::max(whole.least, -limit), std::min(whole.most, limit)};
}

double squaredError(const ValueHistogram& histogram, const Quantization& how) {
    const auto [least, most] = rangeOf(how.type);
    double sum = 0;
    for (std::size_t bin = 0; bin < histogram.counts().size(); ++bin) {
        const auto value = histogram.valueOf(bin);
        const auto integer = std::clamp(std::nearbyint(value / how.scale) + how.zero, least, most);
        const auto error = (integer - how.zero) * how.scale - value;
        sum += static_cast<double>(histogram.counts()[bin]) * error * error;
    }
    return sum;
}

ValueRange leastErrorRange(const ValueHistogram& histogram, ByteKind kind) {
    constexpr int kShares = 100;
    constexpr int kSmallestShare = 20;
    ValueRange best{histogram.least(), histogram.most()};
    double least = std::numeric_limits<double>::infinity();
    for (int share = kShares; share >= kSmallestShare; --share) {
        const double factor = static_cast<double>(share) / kShares;
        const ValueRange range{histogram.least() * factor, histogram.most() * factor};
        const auto error = squaredError(histogram, quantizationFor(range, kind));
        if (error < least) {
            least = error;
            best = range;
        }
    }
    return best;
}

} // namespace

std::span<const RangeMethodInfo> rangeMethods() {
    return kRangeMethods;
}

RangeMethod rangeMethodFromKey(std::string_view key) {
    std::vector<std::string_view> known;
    for (const auto& info : kRangeMethods) {
        if (info.key == key)
            return info.method;
        known.push_back(info.key);
    }
    throw Error("no method of calibration is called \"{}\"; there are {}", key,
                fmt::join(known, ", "));
}

void ValueHistogram::widen(std::span<const float> values) {
    for (const float value : values) {
        if (!std::isfinite(value))
            throw Error("a value is not finite");
        least_ = std::min(least_, double{value});
        most_ = std::max(most_, double{value});
    }
}

double ValueHistogram::binWidth() const {
    return (most_ - least_) / static_cast<double>(kBins);
}

double ValueHistogram::valueOf(std::size_t bin) const {
    return least_ + (static_cast<double>(bin) + 0.5) * binWidth();
}

void ValueHistogram::count(std::span<const float> values) {
    counts_.resize(kBins);
    const double width = binWidth();
    for (const float value : values) {
        const auto place = width > 0 ? (double{value} - least_) / width : 0;
        ++counts_[std::min(static_cast<std::size_t>(std::max(place, 0.0)), kBins - 1)];
    }
}

ValueRange rangeFor(const ValueHistogram& histogram, RangeMethod method, ByteKind kind) {
    switch (method) {
    case RangeMethod::MinMax:
        break;
    case RangeMethod::Percentile:
        return percentileRange(histogram);
    case RangeMethod::Entropy:
        return entropyRange(histogram);
    case RangeMethod::MeanSquaredError:
        return leastErrorRange(histogram, kind);
    }
    return {histogram.least(), histogram.most()};
}

} // namespace gradwright
