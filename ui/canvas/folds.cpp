// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/folds.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <ranges>

namespace gradwright {

namespace {

constexpr double kBetween = 32; // more room for the link that leads back
constexpr double kWorth = 1.1;  // how much larger one more section must make it
constexpr std::size_t kMostFolds = 24;
constexpr std::size_t kLeastRanks = 3; // of a section: fewer would stand lost

struct Extent {
    double left = std::numeric_limits<double>::infinity();
    double right = -std::numeric_limits<double>::infinity();
    [[nodiscard]] double width() const { return right - left; }
};

/// What folding asks of a part, by rank.
class Measured {
public:
    Measured(const LayeredGraph& part, std::span<const double> start, std::span<const double> depth)
        : start_(start)
        , depth_(depth)
        , extents_(part.ranks.size()) {
        for (std::size_t rank = 0; rank < part.ranks.size(); ++rank) {
            std::size_t linksOn = 0;
            for (const std::size_t index : part.ranks[rank]) {
                const auto& slot = part.slots[index];
                Extent& extent = extents_[rank];
                extent.left = std::min(extent.left, slot.middle - slot.breadth / 2);
                extent.right = std::max(extent.right, slot.middle + slot.breadth / 2);
                linksOn += slot.after.size();
            }
            const std::size_t cut = rank + 1;
            if (linksOn == 1 && cut >= kLeastRanks && cut + kLeastRanks <= part.ranks.size())
                cuts_.push_back(cut);
        }
    }

    /// The first ranks of at most so many sections of about equal length.
    [[nodiscard]] std::vector<std::size_t> firstRanks(std::size_t sections) const {
        std::vector<std::size_t> first{0};
        if (sections == 1)
            return first;
        const double all = start_.back() + start_[1]; // with a gap behind the last rank
        for (std::size_t i = 1; i < sections; ++i) {
            const double wish = all * static_cast<double>(i) / static_cast<double>(sections);
            // Of two that are as near, the later one: the first section is the longest.
            const std::size_t nearest =
                *std::ranges::min_element(std::views::reverse(cuts_), {}, [&](std::size_t cut) {
                    return std::abs(start_[cut] - wish);
                });
            if (nearest >= first.back() + kLeastRanks)
                first.push_back(nearest);
        }
        return first;
    }

    [[nodiscard]] Extent across(std::size_t first, std::size_t end) const {
        Extent all = extents_[first];
        for (std::size_t rank = first + 1; rank < end; ++rank) {
            all.left = std::min(all.left, extents_[rank].left);
            all.right = std::max(all.right, extents_[rank].right);
        }
        return all;
    }

    /// At what scale the sections fit into the page, at 1 at most.
    [[nodiscard]] double scale(const std::vector<std::size_t>& first, QSizeF page) const {
        double width = kBetween * static_cast<double>(first.size() - 1);
        double longest = 0;
        for (std::size_t i = 0; i < first.size(); ++i) {
            const std::size_t end = i + 1 < first.size() ? first[i + 1] : extents_.size();
            width += across(first[i], end).width();
            longest = std::max(longest, length(first[i], end));
        }
        return std::min({1.0, page.width() / width, page.height() / longest});
    }

    [[nodiscard]] std::size_t ranks() const { return extents_.size(); }
    [[nodiscard]] std::size_t mostSections() const {
        return std::min(cuts_.size(), kMostFolds) + 1;
    }

private:
    [[nodiscard]] double length(std::size_t first, std::size_t end) const {
        return start_[end - 1] + depth_[end - 1] - start_[first];
    }

    std::span<const double> start_;
    std::span<const double> depth_;
    std::vector<Extent> extents_;
    std::vector<std::size_t> cuts_; ///< ranks to which a single link leads
};

} // namespace

Folds::Folds(const LayeredGraph& part, std::span<const double> start, std::span<const double> depth,
             QSizeF page) {
    const Measured measured(part, start, depth);
    std::vector<std::size_t> first{0};
    if (!page.isEmpty()) {
        double best = measured.scale(first, page);
        for (std::size_t count = 2; count <= measured.mostSections(); ++count) {
            const std::vector<std::size_t> candidate = measured.firstRanks(count);
            const double scale = measured.scale(candidate, page);
            if (scale >= best * kWorth) {
                best = scale;
                first = candidate;
            }
        }
    }
    for (std::size_t i = 0; i < first.size(); ++i) {
        const Extent extent =
            measured.across(first[i], i + 1 < first.size() ? first[i + 1] : measured.ranks());
        if (i == 0)
            left_ = right_ = extent.left;
        else
            right_ += kBetween;
        sections_.push_back({first[i], right_ - extent.left});
        right_ += extent.width();
    }
}

const Folds::Section& Folds::sectionOf(std::size_t rank) const {
    const auto after = std::ranges::upper_bound(sections_, rank, {}, &Section::firstRank);
    return *std::prev(after);
}

} // namespace gradwright
