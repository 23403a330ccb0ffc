// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/layered_graph.h"

#include <algorithm>
#include <random>

namespace gradwright {

namespace {

constexpr int kMostSweeps = 24;
constexpr int kPatience = 6; ///< sweeps without fewer crossings
constexpr int kExchanges = 4;
/// Sweeps begin above, then below, then with ranks in random order, where there are few slots.
constexpr int kStarts = 12;
constexpr std::size_t kMostShuffled = 300;

using Ends = std::vector<LayeredGraph::End>;

/// Where a link ends across the flow: the place of the slot and, within it, the port.
double placeOf(const LayeredGraph& graph, std::size_t slot, double share) {
    return static_cast<double>(graph.slots[slot].place) + share;
}

/// Sorts, and counts the pairs that stood in the wrong order (merge sort).
std::size_t inversions(std::vector<double>& values, std::size_t begin, std::size_t end,
                       std::vector<double>& spare) {
    if (end - begin < 2)
        return 0;
    const std::size_t middle = begin + (end - begin) / 2;
    std::size_t count =
        inversions(values, begin, middle, spare) + inversions(values, middle, end, spare);
    std::size_t left = begin;
    std::size_t right = middle;
    for (std::size_t i = begin; i < end; ++i) {
        if (left < middle && (right == end || values[left] <= values[right])) {
            spare[i] = values[left++];
        } else {
            count += middle - left;
            spare[i] = values[right++];
        }
    }
    std::copy(spare.begin() + static_cast<std::ptrdiff_t>(begin),
              spare.begin() + static_cast<std::ptrdiff_t>(end),
              values.begin() + static_cast<std::ptrdiff_t>(begin));
    return count;
}

std::size_t crossingsBelow(const LayeredGraph& graph, std::size_t rank) {
    std::vector<std::pair<double, double>> links;
    for (const std::size_t slot : graph.ranks[rank])
        for (const auto& end : graph.slots[slot].after)
            links.emplace_back(placeOf(graph, slot, end.own), placeOf(graph, end.slot, end.share));
    std::ranges::sort(links);
    std::vector<double> ends;
    ends.reserve(links.size());
    for (const auto& [from, to] : links)
        ends.push_back(to);
    std::vector<double> spare(ends.size());
    return inversions(ends, 0, ends.size(), spare);
}

/// Crossings between the links of two neighbours, less those after an exchange of the two.
std::ptrdiff_t gain(const LayeredGraph& graph, const Ends& left, const Ends& right) {
    std::ptrdiff_t balance = 0;
    for (const auto& a : left)
        for (const auto& b : right) {
            const double at = placeOf(graph, a.slot, a.share);
            const double other = placeOf(graph, b.slot, b.share);
            balance += at > other ? 1 : at < other ? -1 : 0;
        }
    return balance;
}

/// Sorts each rank by the mean place of the neighbours in the one before, or after.
void sweep(LayeredGraph& graph, bool forwards, bool reversesTies) {
    for (std::size_t i = 0; i < graph.ranks.size(); ++i) {
        const std::size_t rank = forwards ? i : graph.ranks.size() - 1 - i;
        std::vector<std::pair<double, std::size_t>> wishes;
        for (const std::size_t slot : graph.ranks[rank]) {
            const Ends& near = forwards ? graph.slots[slot].before : graph.slots[slot].after;
            // Ranks of different lengths compare by share.
            double wish =
                (placeOf(graph, slot, 0.5)) / static_cast<double>(graph.ranks[rank].size());
            if (!near.empty()) {
                double sum = 0;
                for (const auto& end : near)
                    sum += placeOf(graph, end.slot, end.share);
                const std::size_t other = forwards ? rank - 1 : rank + 1;
                wish = sum / static_cast<double>(near.size() * graph.ranks[other].size());
            }
            wishes.emplace_back(wish, slot);
        }
        if (reversesTies)
            std::ranges::reverse(wishes);
        std::ranges::stable_sort(wishes, {}, [](const auto& wish) { return wish.first; });
        std::vector<std::size_t> order;
        order.reserve(wishes.size());
        for (const auto& [wish, slot] : wishes)
            order.push_back(slot);
        graph.setOrder(rank, std::move(order));
    }
}

/// Exchanges neighbours wherever that takes away crossings; at first also where it does no harm,
/// which may make way for others.
void exchange(LayeredGraph& graph, const std::stop_token& stop) {
    for (int pass = 0; pass < kExchanges && !stop.stop_requested(); ++pass) {
        bool better = false;
        const std::ptrdiff_t least = pass == 0 ? 0 : 1;
        for (auto& rank : graph.ranks)
            for (std::size_t i = 0; i + 1 < rank.size(); ++i) {
                auto& left = graph.slots[rank[i]];
                auto& right = graph.slots[rank[i + 1]];
                const std::ptrdiff_t gained =
                    gain(graph, left.before, right.before) + gain(graph, left.after, right.after);
                if (gained < least)
                    continue;
                std::swap(left.place, right.place);
                std::swap(rank[i], rank[i + 1]);
                better = better || gained > 0;
            }
        if (!better && pass > 0)
            return;
    }
}

void shuffle(LayeredGraph& graph, std::minstd_rand& random) {
    for (std::size_t rank = 0; rank < graph.ranks.size(); ++rank) {
        std::vector<std::size_t> order = graph.ranks[rank];
        for (std::size_t i = order.size(); i > 1; --i)
            std::swap(order[i - 1], order[random() % i]);
        graph.setOrder(rank, std::move(order));
    }
}

/// Keeps the order with the fewest crossings.
class BestOrder {
public:
    explicit BestOrder(const LayeredGraph& graph)
        : ranks_(graph.ranks)
        , fewest_(crossings(graph)) {}

    [[nodiscard]] bool isPlane() const { return fewest_ == 0; }
    /// Whether there are fewer than ever.
    bool offer(const LayeredGraph& graph) {
        const std::size_t count = crossings(graph);
        if (count >= fewest_)
            return false;
        fewest_ = count;
        ranks_ = graph.ranks;
        return true;
    }
    void restore(LayeredGraph& graph) const {
        for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
            graph.setOrder(rank, ranks_[rank]);
    }

private:
    std::vector<std::vector<std::size_t>> ranks_;
    std::size_t fewest_;
};

} // namespace

std::size_t crossings(const LayeredGraph& graph) {
    std::size_t count = 0;
    for (std::size_t rank = 0; rank + 1 < graph.ranks.size(); ++rank)
        count += crossingsBelow(graph, rank);
    return count;
}

void orderRanks(LayeredGraph& graph, const std::stop_token& stop) {
    const BestOrder first(graph);
    BestOrder best(graph);
    const int starts = graph.slots.size() <= kMostShuffled ? kStarts : 2;
    std::minstd_rand random; // always the same numbers
    for (int start = 0; start < starts && !best.isPlane(); ++start) {
        first.restore(graph);
        if (start > 1)
            shuffle(graph, random);
        int stale = 0;
        for (int i = 0; i < kMostSweeps && stale < kPatience; ++i) {
            if (best.isPlane() || stop.stop_requested())
                break;
            sweep(graph, (i + start) % 2 == 0, i / 2 % 2 == 1);
            bool better = best.offer(graph);
            exchange(graph, stop);
            better = best.offer(graph) || better;
            stale = better ? 0 : stale + 1;
        }
    }
    best.restore(graph);
}

} // namespace gradwright
