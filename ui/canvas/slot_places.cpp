// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/layered_graph.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

namespace gradwright {

namespace {

constexpr int kRounds = 40;
constexpr double kFar = std::numeric_limits<double>::infinity();

/// Slots one below the other, at the same place across the flow.
struct Line {
    std::vector<std::size_t> slots;
    std::vector<std::size_t> near; ///< lines at the other ends of its links
    /// The lines beside it, each with the least distance of the middles.
    std::vector<std::pair<std::size_t, double>> left;
    std::vector<std::pair<std::size_t, double>> right;
    double middle = 0;
};

/// Chooses which links become straight: first the path with the most nodes, then the longest of
/// what is left. Straight links never cross, so the lines can be put side by side.
class Aligner {
public:
    explicit Aligner(const LayeredGraph& graph)
        : graph_(graph)
        , above_(graph.slots.size())
        , below_(graph.slots.size())
        , lineOf_(graph.slots.size())
        , straight_(graph.ranks.size()) {
        measure();
    }

    std::vector<std::vector<std::size_t>> lines() {
        std::vector<std::size_t> seeds(graph_.slots.size());
        for (std::size_t i = 0; i < seeds.size(); ++i)
            seeds[i] = i;
        std::ranges::sort(seeds, {}, [this](std::size_t i) {
            return std::tuple(-length(i), graph_.slots[i].rank, offCentre(i), i);
        });
        std::vector<std::vector<std::size_t>> lines;
        for (const std::size_t seed : seeds) {
            if (lineOf_[seed])
                continue;
            std::vector<std::size_t> up = follow(seed, lines.size(), false);
            std::vector<std::size_t> line(up.rbegin(), up.rend());
            line.push_back(seed);
            const std::vector<std::size_t> down = follow(seed, lines.size(), true);
            line.insert(line.end(), down.begin(), down.end());
            lines.push_back(std::move(line));
        }
        return lines;
    }

private:
    /// The nodes on the longest path to each slot and from it.
    void measure() {
        const auto count = [this](std::size_t slot) { return graph_.slots[slot].isNode() ? 1 : 0; };
        for (const auto& rank : graph_.ranks)
            for (const std::size_t slot : rank) {
                for (const auto& end : graph_.slots[slot].before)
                    above_[slot] = std::max(above_[slot], above_[end.slot]);
                above_[slot] += count(slot);
            }
        for (auto rank = graph_.ranks.rbegin(); rank != graph_.ranks.rend(); ++rank)
            for (const std::size_t slot : *rank) {
                for (const auto& end : graph_.slots[slot].after)
                    below_[slot] = std::max(below_[slot], below_[end.slot]);
                below_[slot] += count(slot);
            }
    }

    [[nodiscard]] int length(std::size_t slot) const { return above_[slot] + below_[slot]; }

    [[nodiscard]] double offCentre(std::size_t slot) const {
        const auto size = static_cast<double>(graph_.ranks[graph_.slots[slot].rank].size());
        return std::abs(static_cast<double>(graph_.slots[slot].place) - (size - 1) / 2);
    }

    /// From a slot onwards along the longest paths that are still free.
    std::vector<std::size_t> follow(std::size_t at, std::size_t line, bool down) {
        lineOf_[at] = line;
        std::vector<std::size_t> path;
        for (;;) {
            std::optional<std::size_t> next;
            const auto rating = [&](std::size_t slot) {
                return std::tuple(-(down ? below_ : above_)[slot], offCentre(slot),
                                  graph_.slots[slot].place);
            };
            for (const auto& end : down ? graph_.slots[at].after : graph_.slots[at].before)
                if (!lineOf_[end.slot] && (!next || rating(end.slot) < rating(*next)) &&
                    staysFree(down ? at : end.slot, down ? end.slot : at))
                    next = end.slot;
            if (!next)
                return path;
            const std::size_t upper = down ? at : *next;
            const std::size_t lower = down ? *next : at;
            straight_[graph_.slots[upper].rank][graph_.slots[upper].place] =
                graph_.slots[lower].place;
            lineOf_[*next] = line;
            path.push_back(*next);
            at = *next;
        }
    }

    /// Whether a straight link between the two would cross none of those that there are.
    [[nodiscard]] bool staysFree(std::size_t upper, std::size_t lower) const {
        const auto& taken = straight_[graph_.slots[upper].rank];
        const std::size_t place = graph_.slots[lower].place;
        const auto after = taken.lower_bound(graph_.slots[upper].place);
        return (after == taken.end() || after->second > place) &&
               (after == taken.begin() || std::prev(after)->second < place);
    }

    const LayeredGraph& graph_;
    std::vector<int> above_;
    std::vector<int> below_;
    std::vector<std::optional<std::size_t>> lineOf_;
    /// By the rank of the upper end: the place of the lower end by that of the upper one.
    std::vector<std::map<std::size_t, std::size_t>> straight_;
};

/// Puts lines side by side. The first one is where the others look to, and stays.
class Placer {
public:
    explicit Placer(LayeredGraph& graph)
        : graph_(graph)
        , lineOf_(graph.slots.size()) {
        for (auto& slots : Aligner(graph).lines()) {
            for (const std::size_t slot : slots)
                lineOf_[slot] = lines_.size();
            lines_.push_back({std::move(slots), {}, {}, {}, 0});
        }
        findNeighbours();
        sortFromLeft();
        findBounds();
    }

    void run(const std::stop_token& stop) {
        std::vector<double> before(lines_.size());
        for (int round = 0; round < kRounds && !stop.stop_requested(); ++round) {
            for (std::size_t i = 0; i < lines_.size(); ++i)
                before[i] = lines_[i].middle;
            std::vector<double> wish(lines_.size());
            for (std::size_t i = 0; i < lines_.size(); ++i)
                wish[i] = round == 0 ? 0 : medianAround(i);
            spread(wish);
            // Lines that wish for each other's place would change places for ever.
            if (round > 0 && round + 1 < kRounds)
                for (std::size_t i = 0; i < lines_.size(); ++i)
                    lines_[i].middle = (lines_[i].middle + before[i]) / 2;
        }
        for (const Line& line : lines_)
            for (const std::size_t slot : line.slots)
                graph_.slots[slot].middle = line.middle;
    }

private:
    void findNeighbours() {
        for (std::size_t i = 0; i < graph_.slots.size(); ++i)
            for (const auto& end : graph_.slots[i].after)
                if (lineOf_[i] != lineOf_[end.slot]) {
                    lines_[lineOf_[i]].near.push_back(lineOf_[end.slot]);
                    lines_[lineOf_[end.slot]].near.push_back(lineOf_[i]);
                }
        for (const auto& rank : graph_.ranks)
            for (std::size_t i = 0; i + 1 < rank.size(); ++i) {
                const double apart =
                    (graph_.slots[rank[i]].breadth + graph_.slots[rank[i + 1]].breadth) / 2;
                lines_[lineOf_[rank[i]]].right.emplace_back(lineOf_[rank[i + 1]], apart);
                lines_[lineOf_[rank[i + 1]]].left.emplace_back(lineOf_[rank[i]], apart);
            }
    }

    /// An order in which each line comes after those at its left.
    void sortFromLeft() {
        std::vector<std::size_t> missing(lines_.size());
        for (std::size_t i = 0; i < lines_.size(); ++i)
            missing[i] = lines_[i].left.size();
        for (std::size_t i = 0; i < lines_.size(); ++i)
            if (missing[i] == 0)
                fromLeft_.push_back(i);
        for (std::size_t done = 0; done < fromLeft_.size(); ++done)
            for (const auto& [next, apart] : lines_[fromLeft_[done]].right)
                if (--missing[next] == 0)
                    fromLeft_.push_back(next);
    }

    /// How far each line may go without pushing the first one.
    void findBounds() {
        least_.assign(lines_.size(), -kFar);
        most_.assign(lines_.size(), kFar);
        if (lines_.empty())
            return;
        least_[0] = most_[0] = 0;
        for (const std::size_t i : fromLeft_)
            for (const auto& [other, apart] : lines_[i].left)
                least_[i] = std::max(least_[i], least_[other] + apart);
        for (auto i = fromLeft_.rbegin(); i != fromLeft_.rend(); ++i)
            for (const auto& [other, apart] : lines_[*i].right)
                most_[*i] = std::min(most_[*i], most_[other] - apart);
    }

    [[nodiscard]] double medianAround(std::size_t line) const {
        const auto& near = lines_[line].near;
        if (near.empty())
            return lines_[line].middle;
        std::vector<double> middles;
        for (const std::size_t other : near)
            middles.push_back(lines_[other].middle);
        std::ranges::sort(middles);
        const std::size_t half = middles.size() / 2;
        return middles.size() % 2 == 1 ? middles[half] : (middles[half - 1] + middles[half]) / 2;
    }

    /// As near to the wishes as the distances allow: half of the way between pushing to the right
    /// alone and to the left alone, both of which keep the distances.
    void spread(std::vector<double>& wish) {
        for (std::size_t i = 0; i < lines_.size(); ++i)
            wish[i] = std::clamp(wish[i], least_[i], most_[i]);
        std::vector<double> pushed = wish;
        for (const std::size_t i : fromLeft_)
            for (const auto& [other, apart] : lines_[i].left)
                pushed[i] = std::max(pushed[i], pushed[other] + apart);
        for (auto i = fromLeft_.rbegin(); i != fromLeft_.rend(); ++i)
            for (const auto& [other, apart] : lines_[*i].right)
                wish[*i] = std::min(wish[*i], wish[other] - apart);
        for (std::size_t i = 0; i < lines_.size(); ++i)
            lines_[i].middle = (pushed[i] + wish[i]) / 2;
    }

    LayeredGraph& graph_;
    std::vector<Line> lines_;
    std::vector<std::size_t> lineOf_; ///< of each slot
    std::vector<std::size_t> fromLeft_;
    std::vector<double> least_;
    std::vector<double> most_;
};

} // namespace

void placeSlots(LayeredGraph& graph, const std::stop_token& stop) {
    Placer(graph).run(stop);
}

} // namespace gradwright
