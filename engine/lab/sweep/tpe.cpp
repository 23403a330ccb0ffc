// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/sweep/samplers.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace gradwright {
namespace {

/// Share of the results that counts as good, and how many are at most.
constexpr double kGoodShare = 0.15;
constexpr std::size_t kMostGood = 25;

/// TpeDraws one number after the other.
class TpeDraws {
public:
    TpeDraws(std::uint64_t seed, std::size_t trial)
        : rng_(seed, kSearchStream, static_cast<std::uint32_t>(trial)) {}
    double uniform() { return rng_.uniform(next_++); }
    double normal() { return rng_.normal(next_++); }

private:
    Rng rng_;
    std::uint64_t next_ = 0;
};

double normalBelow(double z) {
    return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

/// A density over a dimension, made of what was tried and a prior.
class ParzenDensity {
public:
    /// Of numbers in [0, 1]: a normal distribution around each, cut off at both ends, as wide as
    /// the farther of its neighbours is away, and a wide one in the middle.
    explicit ParzenDensity(std::vector<double> units) {
        std::ranges::sort(units);
        const auto count = units.size();
        const double least = 1.0 / std::min(100.0, static_cast<double>(count) + 1);
        for (std::size_t i = 0; i < count; ++i) {
            const double left = units[i] - (i > 0 ? units[i - 1] : 0);
            const double right = (i + 1 < count ? units[i + 1] : 1) - units[i];
            add(units[i], std::clamp(std::max(left, right), least, 1.0));
        }
        add(0.5, 1.0);
    }
    /// Of a list's values, by how often each was tried and once more.
    ParzenDensity(const std::vector<std::size_t>& chosen, std::size_t values)
        : shares_(values, 1.0) {
        for (const auto index : chosen)
            shares_[index] += 1;
        for (auto& share : shares_)
            share /= static_cast<double>(chosen.size() + values);
    }

    [[nodiscard]] double logAt(double unit) const {
        if (!shares_.empty())
            return std::log(shares_[indexOf(unit)]);
        double sum = 0;
        for (const auto& kernel : kernels_) {
            const double z = (unit - kernel.mean) / kernel.width;
            sum += std::exp(-0.5 * z * z) / (kernel.width * kernel.mass);
        }
        return std::log(sum / static_cast<double>(kernels_.size()) /
                        std::sqrt(2 * std::numbers::pi));
    }
    double draw(TpeDraws& draws) const {
        const double u = draws.uniform();
        if (!shares_.empty()) {
            double sum = 0;
            for (std::size_t i = 0; i < shares_.size(); ++i) {
                sum += shares_[i];
                if (u < sum || i + 1 == shares_.size())
                    return (static_cast<double>(i) + 0.5) / static_cast<double>(shares_.size());
            }
        }
        const auto& kernel =
            kernels_[std::min(static_cast<std::size_t>(u * static_cast<double>(kernels_.size())),
                              kernels_.size() - 1)];
        for (;;) // at least a third of a kernel lies within the ends
            if (const double x = kernel.mean + kernel.width * draws.normal(); x >= 0 && x <= 1)
                return x;
    }

private:
    struct Kernel {
        double mean, width;
        double mass; ///< of the part within the ends
    };

    void add(double mean, double width) {
        kernels_.push_back(
            {mean, width, normalBelow((1 - mean) / width) - normalBelow(-mean / width)});
    }
    [[nodiscard]] std::size_t indexOf(double unit) const {
        return std::min(static_cast<std::size_t>(unit * static_cast<double>(shares_.size())),
                        shares_.size() - 1);
    }

    std::vector<Kernel> kernels_;
    std::vector<double> shares_; ///< of a list's values
};

ParzenDensity densityOf(const Dimension& dimension, std::size_t d,
                        std::span<const SearchResult* const> results) {
    if (!dimension.isList()) {
        std::vector<double> units;
        for (const auto* result : results)
            units.push_back(dimension.unitOf(result->point[d]));
        return ParzenDensity(std::move(units));
    }
    std::vector<std::size_t> chosen;
    for (const auto* result : results)
        chosen.push_back(static_cast<std::size_t>(
            std::ranges::find(dimension.values, result->point[d]) - dimension.values.begin()));
    return {chosen, dimension.values.size()};
}

} // namespace

SearchPoint tpePoint(const SearchSpace& space, std::uint64_t seed,
                     const std::vector<SearchResult>& done,
                     const std::vector<SearchPoint>& running) {
    const auto number = done.size() + running.size();
    if (done.size() < kTpeStart)
        return randomPoint(space, seed, static_cast<std::int64_t>(number));
    std::vector<const SearchResult*> sorted;
    for (const auto& result : done)
        sorted.push_back(&result);
    // What failed is as bad as can be.
    std::ranges::stable_sort(sorted, {}, [](const SearchResult* result) {
        return std::isfinite(result->value) ? result->value
                                            : std::numeric_limits<double>::infinity();
    });
    const auto good = std::min(
        static_cast<std::size_t>(std::ceil(kGoodShare * static_cast<double>(sorted.size()))),
        kMostGood);
    std::vector<SearchResult> lies;
    for (const auto& point : running)
        lies.push_back({point, std::numeric_limits<double>::infinity()});
    for (const auto& lie : lies)
        sorted.push_back(&lie);
    const std::span all(sorted);

    TpeDraws draws(seed, number);
    SearchPoint point;
    // Dimensions are independent in both densities, so each is settled by itself.
    for (std::size_t d = 0; d < space.size(); ++d) {
        const auto better = densityOf(space[d], d, all.first(good));
        const auto worse = densityOf(space[d], d, all.subspan(good));
        double best = 0;
        double bestRatio = -std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < kTpeCandidates; ++i) {
            const double unit = better.draw(draws);
            const double ratio = better.logAt(unit) - worse.logAt(unit);
            if (ratio > bestRatio) {
                bestRatio = ratio;
                best = unit;
            }
        }
        point.push_back(space[d].at(best));
    }
    return point;
}

} // namespace gradwright
