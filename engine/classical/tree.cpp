// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/tree.h"

#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace gradwright {
namespace {

/// Half-way between two values, and below the second whatever the rounding.
float thresholdBetween(float low, float high) {
    const float middle = low / 2 + high / 2;
    return middle < high && std::isfinite(middle) ? middle : low;
}

} // namespace

class Tree::Grower {
    /// Of a split: how much it gains, and where it is.
    struct Split {
        double gain = 0;
        std::size_t feature = 0;
        std::uint32_t lastLeft = 0; ///< rank of the largest value on the left
        std::uint32_t firstRight = 0;
    };

    /// A sample of a node, and the rank of its value of the feature that is looked at.
    struct RankedRow {
        std::uint32_t rank;
        std::uint32_t sample;
    };

public:
    Grower(Tree& tree, const RankedSamples& ranked, std::span<const double> weights,
           std::span<const double> targets, const TreeLimits& limits, const Rng& rng)
        : tree_(tree)
        , ranked_(ranked)
        , weights_(weights)
        , targets_(targets)
        , limits_(limits)
        , rng_(rng)
        , classes_(targets.empty() && ranked.samples().classes > 0)
        , features_(ranked.samples().features)
        , sums_(tree.width_)
        , left_(tree.width_) {
        std::iota(features_.begin(), features_.end(), std::size_t{0});
        for (std::uint32_t n = 0; n < weights.size(); ++n)
            if (weights[n] > 0)
                samples_.push_back(n);
        rows_.resize(samples_.size());
        sorted_.resize(samples_.size());
    }

    void grow(const Watch& watch) {
        struct Open {
            std::size_t node, first, end, depth;
        };
        tree_.nodes_.resize(1);
        tree_.values_.resize(tree_.width_);
        std::vector<Open> open{{0, 0, samples_.size(), 0}};
        while (!open.empty()) {
            watch.check();
            const auto [node, first, end, depth] = open.back();
            open.pop_back();
            summarize(node, first, end);
            const bool tooDeep = limits_.depth > 0 && depth >= limits_.depth;
            const auto split = tooDeep ? std::nullopt : bestSplit(first, end);
            if (!split)
                continue;
            const auto ranks = ranked_.ranks(split->feature);
            const auto middle = std::partition(
                samples_.begin() + static_cast<std::ptrdiff_t>(first),
                samples_.begin() + static_cast<std::ptrdiff_t>(end),
                [&](std::uint32_t sample) { return ranks[sample] <= split->lastLeft; });
            const auto values = ranked_.values(split->feature);
            const auto left = static_cast<std::uint32_t>(tree_.nodes_.size());
            tree_.nodes_[node] = {
                static_cast<std::int32_t>(split->feature),
                thresholdBetween(values[split->lastLeft], values[split->firstRight]), left};
            tree_.nodes_.resize(tree_.nodes_.size() + 2);
            tree_.values_.resize(tree_.nodes_.size() * tree_.width_);
            const auto cut = static_cast<std::size_t>(middle - samples_.begin());
            open.push_back({left + 1, cut, end, depth + 1});
            open.push_back({left, first, cut, depth + 1});
        }
    }

private:
    [[nodiscard]] double targetOf(std::uint32_t sample, std::size_t i) const {
        return targets_.empty() ? static_cast<double>(ranked_.samples().target(sample)[i])
                                : targets_[sample * tree_.width_ + i];
    }
    [[nodiscard]] std::size_t labelOf(std::uint32_t sample) const {
        return static_cast<std::size_t>(ranked_.samples().labels[sample]);
    }

    /// Takes the node's weight, and writes its answer.
    void summarize(std::size_t node, std::size_t first, std::size_t end) {
        const auto out = std::span(tree_.values_).subspan(node * tree_.width_, tree_.width_);
        weight_ = 0;
        for (auto n = first; n < end; ++n) {
            const auto sample = samples_[n];
            const auto weight = weights_[sample];
            weight_ += weight;
            if (classes_)
                out[labelOf(sample)] += weight;
            else
                for (std::size_t i = 0; i < out.size(); ++i)
                    out[i] += weight * targetOf(sample, i);
        }
        for (auto& value : out)
            value /= weight_;
        answer_.assign(out.begin(), out.end());
        // Of values the node's mean is taken away first, so that squares do not cancel.
        for (std::size_t i = 0; i < sums_.size(); ++i)
            sums_[i] = classes_ ? answer_[i] * weight_ : 0;
    }

    /// Whether all samples of the node have one class, or the same targets.
    [[nodiscard]] bool isPure(std::size_t first, std::size_t end) const {
        if (classes_)
            return std::ranges::count_if(answer_, [](double share) { return share > 0; }) < 2;
        for (auto n = first + 1; n < end; ++n)
            for (std::size_t i = 0; i < answer_.size(); ++i)
                if (targetOf(samples_[n], i) < targetOf(samples_[first], i) ||
                    targetOf(samples_[n], i) > targetOf(samples_[first], i))
                    return false;
        return true;
    }

    std::optional<Split> bestSplit(std::size_t first, std::size_t end) {
        if (end - first < 2 * limits_.leaf || end - first < 2)
            return {};
        if (isPure(first, end))
            return {};
        const auto wanted =
            limits_.features > 0 ? std::min(limits_.features, features_.size()) : features_.size();
        std::optional<Split> best;
        for (std::size_t tried = 0; tried < features_.size(); ++tried) {
            // Features without two values count as tried; the search goes on until one has them.
            if (tried >= wanted && best)
                break;
            // In random order, so that of equally good splits each may be taken.
            std::swap(features_[tried],
                      features_[tried + rng_.below(draws_++, features_.size() - tried)]);
            trySplits(features_[tried], first, end, best);
        }
        return best;
    }

    /// Sorts the node's samples by a feature; false where all have one value.
    bool sortBy(std::size_t feature, std::size_t first, std::size_t end) {
        const auto ranks = ranked_.ranks(feature);
        auto lowest = ranks[samples_[first]];
        auto highest = lowest;
        const auto count = end - first;
        for (std::size_t n = 0; n < count; ++n) {
            const auto sample = samples_[first + n];
            rows_[n] = {ranks[sample], sample};
            lowest = std::min(lowest, rows_[n].rank);
            highest = std::max(highest, rows_[n].rank);
        }
        if (lowest == highest)
            return false;
        const auto different = static_cast<std::size_t>(highest - lowest) + 1;
        if (different > 2 * count) {
            std::sort(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(count),
                      [](const RankedRow& a, const RankedRow& b) { return a.rank < b.rank; });
            return true;
        }
        starts_.assign(different + 1, 0);
        for (std::size_t n = 0; n < count; ++n)
            ++starts_[rows_[n].rank - lowest + 1];
        std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
        for (std::size_t n = 0; n < count; ++n)
            sorted_[starts_[rows_[n].rank - lowest]++] = rows_[n];
        std::swap(rows_, sorted_);
        return true;
    }

    /// Keeps the best split at a feature, where it is better than that of the features before. The
    /// gain is Σ left² / weight + Σ right² / weight over the sums of the classes' weights, or of
    /// the targets: the rest of impurity and squared error does not depend on the split.
    void trySplits(std::size_t feature, std::size_t first, std::size_t end,
                   std::optional<Split>& best) {
        if (!sortBy(feature, first, end))
            return;
        std::ranges::fill(left_, 0.0);
        double whole = 0;
        for (const auto sum : sums_)
            whole += sum * sum / weight_;
        double leftWeight = 0;
        const auto count = end - first;
        for (std::size_t n = 0; n + 1 < count; ++n) {
            const auto sample = rows_[n].sample;
            const auto weight = weights_[sample];
            leftWeight += weight;
            if (classes_)
                left_[labelOf(sample)] += weight;
            else
                for (std::size_t i = 0; i < left_.size(); ++i)
                    left_[i] += weight * (targetOf(sample, i) - answer_[i]);
            if (rows_[n].rank == rows_[n + 1].rank || n + 1 < limits_.leaf ||
                count - n - 1 < limits_.leaf)
                continue;
            double leftSquares = 0;
            double rightSquares = 0;
            for (std::size_t i = 0; i < left_.size(); ++i) {
                const auto right = sums_[i] - left_[i];
                leftSquares += left_[i] * left_[i];
                rightSquares += right * right;
            }
            const auto gain =
                leftSquares / leftWeight + rightSquares / (weight_ - leftWeight) - whole;
            // A split that gains nothing is taken, too: those behind it may, as in exclusive or.
            // Of gains that differ by rounding alone the first stays.
            if (!best || gain > best->gain + 1e-10 * std::abs(best->gain))
                best = Split{gain, feature, rows_[n].rank, rows_[n + 1].rank};
        }
    }

    Tree& tree_;
    const RankedSamples& ranked_;
    std::span<const double> weights_;
    std::span<const double> targets_;
    const TreeLimits& limits_;
    const Rng& rng_;
    std::uint64_t draws_ = 0;
    bool classes_;
    std::vector<std::size_t> features_;
    std::vector<std::uint32_t> samples_; ///< those of a node stand together
    std::vector<RankedRow> rows_, sorted_;
    std::vector<std::uint32_t> starts_;
    double weight_ = 0; ///< of the node
    std::vector<double> answer_, sums_, left_;
};

Tree::Tree(const RankedSamples& ranked, std::span<const double> weights,
           std::span<const double> targets, const TreeLimits& limits, const Rng& rng,
           const Watch& watch)
    : width_(targets.empty() ? ranked.samples().outputs() : targets.size() / weights.size()) {
    Grower(*this, ranked, weights, targets, limits, rng).grow(watch);
}

std::span<const double> Tree::answer(std::span<const float> row) const {
    std::size_t node = 0;
    while (nodes_[node].feature >= 0) {
        const auto& [feature, threshold, left] = nodes_[node];
        node = row[static_cast<std::size_t>(feature)] <= threshold ? left : left + 1;
    }
    return std::span(values_).subspan(node * width_, width_);
}

Tree::Tree(const ModelParts& parts, const std::string& name, const RowOutline& rows)
    : width_(rows.outputs()) {
    const auto count = parts.count(name + "/threshold");
    if (count == 0 || count > std::numeric_limits<std::int32_t>::max())
        throw Error("\"{}\" is a tree of {} nodes", name, count);
    const auto last = static_cast<std::int64_t>(count) - 1;
    const auto features =
        parts.whole(name + "/feature", count, -1, static_cast<std::int64_t>(rows.features) - 1);
    const auto lefts = parts.whole(name + "/left", count, 0, last);
    const auto thresholds = parts.singles(name + "/threshold", count);
    values_ = parts.reals(name + "/values", count * width_);
    nodes_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        // Both children lie behind their node, so that every walk ends.
        const auto left = static_cast<std::size_t>(lefts[i]);
        if (features[i] >= 0 && (left <= i || left + 1 >= count))
            throw Error("\"{}\": node {} leads to node {}", name, i, left);
        nodes_[i] = {static_cast<std::int32_t>(features[i]), thresholds[i],
                     static_cast<std::uint32_t>(left)};
    }
}

void Tree::write(ModelParts& parts, const std::string& name) const {
    std::vector<std::int64_t> features;
    std::vector<std::int64_t> lefts;
    std::vector<float> thresholds;
    for (const auto& node : nodes_) {
        features.push_back(node.feature);
        lefts.push_back(node.left);
        thresholds.push_back(node.threshold);
    }
    parts.put(name + "/feature", features);
    parts.put(name + "/left", lefts);
    parts.put(name + "/threshold", thresholds);
    parts.put(name + "/values", values_);
}

} // namespace gradwright
